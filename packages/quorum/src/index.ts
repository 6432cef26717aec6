export { openArchive } from "./archive/archive.ts";
export { type ArchivedLogOptions, ArchivedQuorumLog } from "./archive/log.ts";
export { type CertificateCode, type Members, majority, verifyCertificate } from "./certificate.ts";
export { type ChangeCode, signChange } from "./change.ts";
export { applyControl, bornHalted, type ControlCode, type ControlResult, type ControlState } from "./control.ts";
export {
  buildEntry,
  type Entry,
  emptyHead,
  entryDigest,
  entryTimeMs,
  type Head,
  type LogName,
  logFromWire,
  logNames,
  logToWire,
  type Position,
  positionOf,
  readEntry,
  sameBytes,
} from "./entry.ts";
export { QuorumError, type QuorumErrorCode } from "./error.ts";
export type { EtcdAddress, EtcdTls } from "./etcd/client.ts";
export { type EtcdLogOptions, EtcdQuorumLog } from "./etcd/log.ts";
export { type EtcdMember, etcdMembers } from "./etcd/members.ts";
export { type Applied, type FenceCode, type FenceOptions, FenceReader } from "./fence.ts";
export { type GenesisFacts, genesisDigest, openGenesis, resumePersonsMin, rootedKeys } from "./genesis.ts";
export { openHaltOf, readHalt } from "./halt.ts";
export { checkKeyChange, signKeyChange } from "./key-change.ts";
export { MemoryQuorumLog } from "./local/memory.ts";
export { openPostgresQuorumLog } from "./local/postgres.ts";
export {
  type Append,
  type Appended,
  type Ballot,
  type LogRecord,
  OPS_MAX,
  type Place,
  type QuorumLog,
  type Recorded,
  type Watcher,
} from "./log.ts";
export { opIdOf } from "./op-id.ts";
export {
  type OpenedPropose,
  openPropose,
  opIdsOf,
  type ProposeCode,
  type ProposeReading,
  peekPropose,
} from "./propose.ts";
export { recordOf, votesOf } from "./record.ts";
export { checkResume, type ResumeCode, signResume } from "./resume.ts";
export { openVote, signVote, type Vote } from "./vote.ts";
