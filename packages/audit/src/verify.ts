/**
 * The offline verifier: the file alone. Leaves and roots are computed again, every signature is checked against the keys that the genesis
 * entry in the file names, every chain and both certified logs are followed, and every vote is counted.
 *
 * What it cannot know is whether the genesis is the right one: whoever forges a whole platform forges its genesis too. So its digest is
 * the root of trust, is in the verdict, and has to be compared. Nor does a file say what came after it.
 */
import { topicSpec } from "@countersign/contracts";
import { checkRights, hex, type Opened, openEnvelope } from "@countersign/envelope";
import { type Authority, applyKeyChanges, checkProposes, findGenesis } from "./authority.ts";
import { checkCertificate } from "./certificate.ts";
import { breakText, type Chains, foldLink } from "./chains.ts";
import { checkCheckpoints, type VerifiedCheckpoint } from "./checkpoints.ts";
import { carriesEntries, checkLogs, type FileEntry, readEntry } from "./entries.ts";
import { type Finding, finding } from "./findings.ts";
import { type AuditFile, type FileRecord, readAudit } from "./read.ts";

export interface Expected {
  /** Hex. Without it the verdict's has to be compared by a person. */
  readonly genesisDigest?: string;
}

export interface Verdict {
  readonly ok: boolean;
  /** In the order of the lines. */
  readonly findings: readonly Finding[];
  /** Undefined without a genesis in the file. */
  readonly genesisDigest: string | undefined;
  readonly platform: string | undefined;
  readonly records: number;
  readonly chains: number;
  /** RFC 6962 root over all records. */
  readonly root: Uint8Array;
  readonly checkpoints: readonly VerifiedCheckpoint[];
}

/** Throws AuditError `BAD_LINE` when the file cannot be read as one; whatever else is wrong is a finding. */
export function verifyAudit(lines: Iterable<string>, expected: Expected = {}): Verdict {
  const file = readAudit(lines);
  const authority = findGenesis(file);
  const facts = { records: file.records.length, root: file.tree.root() };
  if ("code" in authority) {
    const nothing = { genesisDigest: undefined, platform: undefined, chains: 0, checkpoints: [] };
    return { ok: false, findings: [authority], ...nothing, ...facts };
  }
  const { genesisDigest, platform } = authority;
  const walk = walkRecords(file, authority);
  const { checkpoints, findings } = checkCheckpoints(file, authority);
  const all = [...checkGenesis(authority, expected), ...walk.findings, ...checkLogs(walk.entries), ...findings];
  const sorted = all.toSorted((a, b) => a.line - b.line);
  return {
    ok: sorted.length === 0,
    findings: sorted,
    genesisDigest,
    platform,
    chains: walk.chains,
    ...facts,
    checkpoints,
  };
}

function checkGenesis({ genesisDigest }: Authority, expected: Expected): Finding[] {
  if (expected.genesisDigest === undefined || expected.genesisDigest === genesisDigest) return [];
  return [finding(0, "OTHER_GENESIS", `its genesis is ${genesisDigest}, expected ${expected.genesisDigest}`)];
}

/** In the order of the log, because a record is judged by the keys that were good at its place. */
function walkRecords({ records }: AuditFile, authority: Authority) {
  const findings: Finding[] = [];
  const entries: FileEntry[] = [];
  const seen = new Set<string>();
  let chains: Chains = {};
  for (const [place, record] of records.entries()) {
    if (record.index !== place)
      findings.push(
        finding(record.line, "WRONG_INDEX", `it says it is record ${record.index}, and is record ${place}`),
      );
    const opened = openRecord(record, authority);
    if (!("body" in opened)) {
      findings.push(opened);
      continue;
    }
    const link = linkRecord(chains, record, opened, seen);
    chains = link.chains;
    findings.push(...link.findings);
    if (!carriesEntries(record.topic)) {
      if (opened.attached.length > 0)
        findings.push(
          finding(record.line, "UNEXPECTED_ATTACHMENT", "something is attached to it that nobody has signed"),
        );
      continue;
    }
    const entry = readEntry(record);
    findings.push(...checkEntry(authority, record, entry, opened));
    if (entry !== undefined) entries.push(entry);
  }
  return { findings, entries, chains: Object.keys(chains).length };
}

/** The record, when its signer's key was granted what it says at its place in the log. */
function openRecord({ line, topic, envelope }: FileRecord, { keys, mode }: Authority): Opened | Finding {
  if (topicSpec(topic)?.delivery !== "record")
    return finding(line, "NO_RECORD", `${JSON.stringify(topic)} is no topic of records`);
  const opened = openEnvelope(envelope, keys);
  if (!opened.ok) return finding(line, opened.code, opened.text);
  const nowMs = Number(opened.body.sentAtMs);
  const refusal = checkRights(opened, { keys, topic, mode, nowMs });
  if (refusal !== undefined) return finding(line, refusal.code, refusal.text); // P08.allowed
  return opened;
}

function linkRecord(before: Chains, { line }: FileRecord, { body, digest }: Opened, seen: Set<string>) {
  const { sender, topic, key, seq, prev } = body;
  if (seq === undefined || prev === undefined) throw new Error("broken invariant: an opened record has seq and prev");
  const written = hex(digest);
  const fold = foldLink(before, { sender, topic, key, seq, prev, digest }, () => seen.has(written));
  seen.add(written);
  if (fold.kind === "known")
    return { chains: before, findings: [finding(line, "REPEATED", "the same record stands there twice")] };
  const findings: Finding[] = [];
  if (fold.kind === "broken") findings.push(finding(line, fold.problem.code, breakText(fold.problem))); // P08.chain
  return { chains: fold.chains, findings };
}

function checkEntry(authority: Authority, { line }: FileRecord, entry: FileEntry | undefined, { attached }: Opened) {
  if (entry === undefined) return [finding(line, "BAD_ENTRY", "it carries no log entry")];
  const findings = [...checkCertificate(authority, entry, attached), ...checkProposes(authority, entry)];
  return findings.length > 0 ? findings : applyKeyChanges(authority, entry);
}
