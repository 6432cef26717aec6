// A day, and what it leaves.

// Doors of agents, for whoever may not name an agent.
export { type MarketEvent, openTrace, sealedFeed, simulateDay, type Trace } from "@countersign/agent-market";
export { checkCeiling } from "@countersign/agent-policy";
export type { KafkaAddress } from "@countersign/bus/kafka";
export type { Asked } from "./approval-book.ts";
export {
  type AuditReport,
  auditEventNamed,
  countsInWords,
  type RecordFilter,
  type ReportedRecord,
  reportAudit,
} from "./audit-report.ts";
export type { Embedded, EmbeddedOptions } from "./embedded.ts";
export { enrolledKeys, enrolledRoles, keysToRevoke } from "./enrolled-keys.ts";
export {
  askedLimits,
  askedRole,
  contentsOf,
  type Enrolment,
  isEmpty,
  newLimits,
  newRole,
  restOf,
  signaturesOf,
  signEnrolment,
} from "./enrolment.ts";
export { enrolmentFile, parseEnrolment } from "./enrolment-file.ts";
export { VALIDATORS } from "./genesis.ts";
export { cloneFile, InputError, type LoadedStrategy, loadLimits, loadStrategy, readInput } from "./inputs.ts";
export { ReplayKeys } from "./keys.ts";
export type { HaltAnswer } from "./person.ts";
export { Approvals, type Verdict } from "./processes/approvals.ts";
export { readSpec } from "./processes/cluster.ts";
export { kafkaOf } from "./processes/credentials.ts";
export type { DeadLetter } from "./processes/dead-letter.ts";
export { Desk, HALT_SERVERS } from "./processes/desk.ts";
export { type DlqState, Dlqs, type WholeLetter } from "./processes/dlq.ts";
export { type Finding, standingInTheWay } from "./processes/doctor/finding.ts";
export { examine } from "./processes/doctor.ts";
export { makeKeys, proposeAll, takeIntoUse } from "./processes/enrol.ts";
export { exportCluster, lastCosigned } from "./processes/export.ts";
export type { ClusterChoice } from "./processes/found.ts";
export { foundForKubernetes } from "./processes/found-kubernetes.ts";
export { deliverFounding } from "./processes/founding.ts";
export { openQuorumLog } from "./processes/quorum-log.ts";
export { type LetterReading, readLetter } from "./processes/read-letter.ts";
export { replayExport } from "./processes/replay-export.ts";
export { type RepublishChoice, republish } from "./processes/republish.ts";
export { type RunningCluster, type StartOptions, startCluster } from "./processes/run-cluster.ts";
export type { ProcessState } from "./processes/run-record.ts";
export { type ClusterStatus, clusterStatus, type ProcessStatus } from "./processes/status.ts";
export { checkTopics, clusterTopics, createTopics } from "./processes/topics.ts";
export { checkTrace, type ReplayReport, replayJournals } from "./replay.ts";
export { buildReport, type Report } from "./report.ts";
export { parseStatement, type ResumeStatementFile, statementFile } from "./resume-statement.ts";
export {
  type MarketOptions,
  type RunHooks,
  type RunOptions,
  type RunResult,
  type RunStores,
  replayMarket,
  runDay,
} from "./run.ts";
export {
  findRun,
  type RunFacts,
  type RunSettings,
  readRunFacts,
  runNumbers,
  type TraceFact,
  writeRunFolder,
} from "./run-folder.ts";
export { isPerson } from "./senders.ts";
export { tablesOf } from "./tables.ts";
export { type Heard, Narrator, type Told } from "./told.ts";
export { startWatchdog, type Watchdog } from "./watchdog.ts";
export { type Recorded, readRecord } from "./why/evidence.ts";
export type { Fact, JudgedRule, Why, WhyStep } from "./why/node.ts";
export { explain, why } from "./why.ts";
