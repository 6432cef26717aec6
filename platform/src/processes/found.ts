/**
 * Founding a cluster: makes every key, writes the genesis and the person's consent to the opening, and, once validators answer, proposes
 * genesis and deposit. After it no process holds the person's key; it stays in the folder, with the person.
 */

import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { KeyPurpose, Role, type RoleGrant, RoleGrantSchema, SignedSchema } from "@countersign/contracts";
import { freePorts } from "@countersign/engines";
import { moneyToWire, parseMoney } from "@countersign/orders";
import { resumePersonsMin } from "@countersign/quorum";
import { RpcError } from "@countersign/runtime";
import { AGENTS, modes, REPLICAS_MAX, signOpening } from "../agents.ts";
import { authority } from "../authority-file.ts";
import { genesisRequest, VALIDATORS } from "../genesis.ts";
import { InputError, loadLimits } from "../inputs.ts";
import type { Signers } from "../keys.ts";
import {
  agentOf,
  type ClusterSpec,
  FORMAT,
  keysDir,
  processName,
  type Secrets,
  writeSecrets,
  writeSpec,
} from "./cluster.ts";
import { Desk } from "./desk.ts";
import { OPENING, patiently } from "./founding.ts";
import { KeyFiles } from "./key-files.ts";
import { VENUE } from "./process.ts";

/** What a user chooses; the rest is made. */
export type ClusterChoice = Omit<
  ClusterSpec,
  "format" | "platform" | "servers" | "health" | "venue" | "genesis" | "openings"
>;

/** Whose processes there are, in the order in which they start. */
export const SERVICES = [VENUE, ...VALIDATORS, ...AGENTS, "market", "gateway"] as const;

/** Every process of a cluster, by name. */
export function processesOf({ mode, replicas = {} }: Pick<ClusterSpec, "mode" | "replicas">): readonly string[] {
  const services = mode === "shadow" ? SERVICES.filter((name) => name !== VENUE) : SERVICES;
  return services.flatMap((agent) => Array.from({ length: replicas[agent] ?? 1 }, (_, n) => processName(agent, n)));
}

/** Writes the folder. @throws InputError when a cluster is described there already */
export async function foundCluster(
  dir: string,
  choice: ClusterChoice,
  engines: Pick<Secrets, "postgres" | "redis">,
): Promise<ClusterSpec> {
  if (existsSync(join(dir, "cluster.json")))
    throw new InputError("BAD_OPTION", `${dir}: a cluster lives there already: go on with it, or name another folder`);
  checkReplicas(choice);
  foundersOf(choice);
  mkdirSync(dir, { recursive: true });
  const limits = loadLimits(choice.limits);
  const copy = basename(choice.limits);
  copyFileSync(choice.limits, join(dir, copy));
  const root = rootOfTrust(choice, new KeyFiles(keysDir(dir), { makes: true }), limits.digest);
  const names = processesOf(choice);
  const [venue = "", ...ports] = (await freePorts(1 + 2 * names.length)).map((port) => `127.0.0.1:${port}`);
  const isElsewhere = names.includes(VENUE);
  const servers: Record<string, string[]> = {};
  for (const [n, name] of names.entries()) {
    const { agent } = agentOf(name);
    if (agent !== VENUE) servers[agent] = [...(servers[agent] ?? []), ports[2 * n]!];
  }
  const health = Object.fromEntries(names.map((name, n) => [name, ports[2 * n + 1]!]));
  const spec: ClusterSpec = {
    ...choice,
    ...root,
    format: FORMAT,
    limits: copy,
    servers,
    health,
    ...(isElsewhere && { venue }),
  };
  writeSecrets(dir, { ...engines, ...(isElsewhere && venueKeys()) });
  writeSpec(dir, spec);
  return spec;
}

/** Makes every key, and signs who exists and that trading may be opened. @throws InputError where there are too few founders */
export function rootOfTrust(
  choice: Pick<ClusterChoice, "mode" | "currency" | "person" | "cofounders">,
  signers: Signers,
  limitsDigest: Uint8Array,
): Pick<ClusterSpec, "platform" | "genesis" | "openings"> {
  const { mode, currency } = choice;
  const persons = foundersOf(choice);
  const platform = `cs-${randomBytes(4).toString("hex")}`;
  const roles = persons.map((one) => founderRole(one, currency));
  const facts = { authority, mode: modes[mode], platform, signers, persons, roles, limitsDigest };
  const genesis = genesisRequest({ ...facts, fromMs: Date.now() - CLOCKS_APART_MS });
  const openings = persons.map((one) => signOpening(one, signers.signer(one, KeyPurpose.APPROVAL)));
  return {
    platform,
    genesis: Buffer.from(genesis).toString("base64"),
    openings: openings.map((one) => Buffer.from(toBinary(SignedSchema, one)).toString("base64")),
  };
}

/** Execution's at the paper exchange, and each validator's, which only reads. */
export function venueKeys(): Required<Pick<Secrets, "venueKey" | "dropCopyKeys">> {
  const key = () => randomBytes(24).toString("hex");
  return { venueKey: key(), dropCopyKeys: Object.fromEntries(VALIDATORS.map((validator) => [validator, key()])) };
}

/** Who founds a cluster may do everything; whom they enrol has fewer rights. */
function founderRole(person: string, currency: string): RoleGrant {
  const roles = [Role.APPROVER, Role.RISK, Role.ADMIN];
  return create(RoleGrantSchema, { person, roles, approvesUpTo: moneyToWire(parseMoney(FOUNDER_UP_TO, currency, 2)) });
}

/** The largest order that the founder may approve, in the account's currency. Above it somebody has to be granted more. */
const FOUNDER_UP_TO = "1000000.00";

/** As many as open trading in this mode. @throws InputError where they are fewer, or one is named twice */
function foundersOf({
  mode,
  person,
  cofounders = [],
}: Pick<ClusterChoice, "mode" | "person" | "cofounders">): readonly string[] {
  const persons = [person, ...cofounders];
  const needed = resumePersonsMin(modes[mode]);
  if (new Set(persons).size >= Math.max(needed, persons.length)) return persons;
  throw new InputError("BAD_OPTION", `a ${mode} cluster is opened by ${needed} persons: name another founder`);
}

function checkReplicas({ replicas = {} }: ClusterChoice): void {
  for (const [agent, count] of Object.entries(replicas)) {
    const max = REPLICAS_MAX[agent];
    if (max === undefined)
      throw new InputError(
        "BAD_OPTION",
        `${agent}: only ${Object.keys(REPLICAS_MAX).join(", ")} may have several processes`,
      );
    if (!Number.isSafeInteger(count) || count < 1 || count > max)
      throw new InputError("BAD_OPTION", `${agent}: ${count} processes; take 1 to ${max}`);
  }
}

/** Keys count from before the founding: a halt in the first minutes, from a clock that is behind, is a halt. */
const CLOCKS_APART_MS = 600_000;

/** Proposes genesis and deposit; both are in the log once, however often this is done. */
export async function proposeFounding(dir: string): Promise<void> {
  await using desk = new Desk(dir);
  const { account, currency, deposit, genesis } = desk.spec;
  await patiently(async () => {
    await desk.person.proposeGenesis(Buffer.from(genesis, "base64"), VALIDATORS[0]);
    // Its answer is not read: the log itself says whether it was taken.
    await desk.read();
    if (desk.fence.members === undefined) throw new RpcError("UNAVAILABLE", "the genesis is not in the control log");
  });
  const amount = parseMoney(deposit, currency, 2);
  const answer = await patiently(async () => {
    const said = await desk.person.deposit(account, amount, OPENING, VALIDATORS[0]);
    if (said.code === "NO_QUORUM") throw new RpcError("UNAVAILABLE", said.text ?? "too few validators answered");
    return said;
  });
  if (answer.code !== undefined)
    throw new InputError("BAD_OPTION", `the deposit is refused: ${answer.code} ${answer.text ?? ""}`);
}
