/**
 * The cluster that is robbed: real processes on real engines, with nobody in Portfolio's and the Hedger's place, and a founder who halts, resumes,
 * approves and rejects by the command line, as from a second terminal.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import {
  type ApprovalDecision,
  type ApprovalRequest,
  KeyPurpose,
  type PermitIssued,
  type Signed,
  type SubmitOrder,
} from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import { cloneFile, Desk, type RunningCluster, readSpec, startCluster } from "@countersign/platform";
import { keysDir } from "../../platform/src/processes/cluster.ts";
import { ask } from "../../platform/src/processes/health-page.ts";
import { KeyFiles } from "../../platform/src/processes/key-files.ts";
import { choiceOf } from "../crash/trial.ts";
import type { Mark } from "../marks.ts";
import { type Answered, countersignIn } from "../support/countersign.ts";
import { LARGE, type Wanted, wanted } from "./orders.ts";
import { MALLORY, SEATS, submitOf, Thief } from "./thief.ts";

const PATIENCE_MS = 600_000;
const POLL_MS = 50;
/** Less than a process needs to its first word. */
const KILL_EVERY_MS = 200;
const LEAVE_OUT = pathToFileURL(cloneFile("test/leave-out.mjs")).href;

export class Ground implements AsyncDisposable {
  readonly folder: string;
  readonly #dir: string;
  #cluster: RunningCluster | undefined;

  private constructor() {
    this.#dir = mkdtempSync(join(tmpdir(), "countersign-bypass-"));
    this.folder = join(this.#dir, "cluster");
  }

  /** Founded, open for trading, and with a price. */
  static async open(say: (text: string) => void): Promise<Ground> {
    const ground = new Ground();
    try {
      await ground.#start(say);
    } catch (error) {
      await ground[Symbol.asyncDispose]();
      throw error;
    }
    return ground;
  }

  async #start(say: (text: string) => void): Promise<void> {
    const dir = this.#dir;
    const { replicas: _, ...choice } = choiceOf({ dir, seed: "1", speed: 10, hedge: "EURUSD", say });
    const limits = cloneFile("test/bypass/limits.json");
    this.#cluster = await startCluster(this.folder, { choice: { ...choice, limits }, brokers: 1, onStep: say });
    await using desk = new Desk(this.folder);
    if (!(await desk.readUntil(() => desk.fence.state().halts.length === 0, PATIENCE_MS)))
      throw new Error(`trading was not opened within ${PATIENCE_MS / 1_000} s`);
    for (const proposer of SEATS) await this.#cluster.supervisor.end(proposer);
    await this.founder("keys", "new", MALLORY, "--role", "approver", "--up-to", "50000", "--out", "mallory.json");
    await this.founder("keys", "enrol", "mallory.json", "--yes");
    await using thief = await Thief.open(this.folder);
    await this.#permits(thief);
  }

  /** A command of the founder's. @throws where it does not end well */
  async founder(...args: string[]): Promise<string> {
    const { code, said } = await this.countersign(...args);
    if (code !== 0) throw new Error(`countersign ${args.join(" ")} ended with ${code}: ${said}`);
    return said;
  }

  countersign(...args: string[]): Promise<Answered> {
    return countersignIn(this.#dir, this.folder)(...args);
  }

  halt(): Promise<string> {
    return this.founder("halt", "1", "-m", "a thief is about");
  }

  /** What comes of it while these processes die as soon as they are started; returns when Policy permits again. */
  async whileDown(thief: Thief, names: readonly string[], act: () => Promise<string>): Promise<string> {
    const { supervisor } = this.#cluster!;
    const killing = setInterval(() => {
      for (const name of names) supervisor.kill(name, "SIGKILL");
    }, KILL_EVERY_MS);
    try {
      return await act();
    } finally {
      clearInterval(killing);
      await this.#permits(thief);
    }
  }

  /** After a halt; returns when Policy permits again. */
  async resume(thief: Thief): Promise<void> {
    await this.founder("resume", "-m", "it was a drill");
    await thief.desk.readWhole();
    await this.#permits(thief);
  }

  /** What nobody but Policy has, until it is stolen too. */
  policysKey(): Signer {
    return new KeyFiles(keysDir(this.folder), { makes: false }).signer("policy", KeyPurpose.PERMIT);
  }

  /** Policy's keys are followed by others, and revoked as stolen. */
  async rotatePolicy(thief: Thief): Promise<void> {
    await this.founder("keys", "new", "policy", "--out", "policy.json");
    await this.founder("keys", "enrol", "policy.json", "--yes");
    await this.restart("policy");
    await this.founder("keys", "revoke", "policy", "--old", "--compromised");
    await thief.desk.readWhole();
    await this.#permits(thief);
  }

  /** A large order that a person has approved, with Policy's permit. */
  async approved(thief: Thief): Promise<Wanted & { readonly submit: SubmitOrder }> {
    const order = await this.#answered(thief, "approve");
    const permit = await heard(thief, "permit.issued", ({ intentKey }: PermitIssued) => intentKey === order.key);
    return { ...order, submit: submitOf(permit) };
  }

  /** A large order that a person has refused: the order, and the person's signed no. */
  async rejected(thief: Thief): Promise<Wanted & { readonly no: Signed }> {
    const order = await this.#answered(thief, "reject");
    const about = Buffer.from(order.approvalId);
    const { approval } = await heard(thief, "approval.decision", ({ approval }: ApprovalDecision) =>
      Buffer.from(approval?.payload ?? []).includes(about),
    );
    if (approval === undefined) throw new Error("a word about an order without a signature");
    return { ...order, no: approval };
  }

  /** kill -9; returns when its successor works. With a mark, the successor lacks that line. */
  async restart(name: string, without?: Mark): Promise<void> {
    const { supervisor } = this.#cluster!;
    const receipt = join(this.#dir, "left-out");
    const env = { NODE_OPTIONS: process.env.NODE_OPTIONS, LEAVE_OUT: process.env.LEAVE_OUT };
    if (without !== undefined) {
      process.env.NODE_OPTIONS = `--import=${LEAVE_OUT}`;
      process.env.LEAVE_OUT = JSON.stringify({ file: cloneFile(without.file), mark: without.name, receipt });
    }
    try {
      const before = restartsOf(supervisor, name);
      supervisor.kill(name, "SIGKILL");
      await this.#until(`${name} is back`, async () => restartsOf(supervisor, name) > before);
    } finally {
      setEnv(env);
    }
    const health = readSpec(this.folder).health[name] ?? "";
    await this.#until(`${name} works`, async () => (await ask(health, "/readyz", 1_000)).ok);
    if (without !== undefined && !readFileSync(receipt, "utf8").split("\n").includes(without.name))
      throw new Error(`${name} has not left out ${without.name}`);
  }

  /** A large order that waits for a person. */
  async asked(thief: Thief): Promise<Wanted & { readonly approvalId: string }> {
    const order = wanted(thief, { quantity: LARGE });
    const said = await thief.ask(order.intent);
    if (said !== "ESCALATED at policy")
      throw new Error(`nobody was asked about a large order: ${JSON.stringify(said)}`);
    const request = await heard(thief, "approval.request", ({ intentKey }: ApprovalRequest) => intentKey === order.key);
    return { ...order, approvalId: request.approvalId ?? "" };
  }

  async #answered(thief: Thief, verb: "approve" | "reject") {
    const order = await this.asked(thief);
    await this.founder(verb, order.approvalId, "--yes", "-m", "it is the founder's word");
    return order;
  }

  /** Until an honest order is permitted. */
  async #permits(thief: Thief): Promise<void> {
    let said: SubmitOrder | string = "";
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await wait(POLL_MS)) {
      said = await thief.ask(wanted(thief).intent);
      if (typeof said !== "string") return;
    }
    throw new Error(`no honest order is permitted within ${PATIENCE_MS / 1_000} s: ${said}`);
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS; !(await isSo()); await wait(POLL_MS))
      if (performance.now() > until) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster?.[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** The payload of the first record of this type that is meant, whenever it comes. */
async function heard<T>(thief: Thief, type: string, isMeant: (payload: T) => boolean): Promise<T> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await wait(POLL_MS)) {
    const found = thief.heard.find((one) => one.type === type && isMeant(one.payload as T));
    if (found !== undefined) return found.payload as T;
  }
  throw new Error(`the thief has not heard ${type} within ${PATIENCE_MS / 1_000} s`);
}

function restartsOf(supervisor: RunningCluster["supervisor"], name: string): number {
  return supervisor.states().find((state) => state.name === name)?.restarts ?? 0;
}

function setEnv(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(env))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
}
