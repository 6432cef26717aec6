/**
 * A person at a running cluster: halts, resumes and proposes by calls alone. It needs the cluster's folder, the person's keys and whoever
 * of Policy, Execution and the validators answers; neither bus nor database.
 */
import { setTimeout as wait } from "node:timers/promises";
import { KeyPurpose } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import { GrpcRpc } from "@countersign/grpc";
import { FenceReader, genesisDigest, openGenesis, rootedKeys } from "@countersign/quorum";
import { RpcError } from "@countersign/runtime";
import { VALIDATORS } from "../genesis.ts";
import { Person } from "../person.ts";
import { type ClusterSpec, keysDir, readSpec } from "./cluster.ts";
import { grpcTls } from "./credentials.ts";
import { FenceWatch } from "./fence-watch.ts";
import { KeyFiles } from "./key-files.ts";

/** Whoever can stop something. */
export const HALT_SERVERS: readonly string[] = ["policy", "execution", ...VALIDATORS];

export class Desk implements AsyncDisposable {
  readonly dir: string;
  readonly spec: ClusterSpec;
  /** Those that the control log grants, as far as it was read. */
  readonly keys: Keys;
  readonly person: Person;
  /** As far as `read` has come. */
  readonly fence: FenceReader;
  readonly #rpc: GrpcRpc;
  readonly #watch: FenceWatch;

  /** @throws InputError where there is no cluster, or no key of that person */
  constructor(dir: string, name?: string) {
    const spec = readSpec(dir);
    const sender = name ?? spec.person;
    const signers = new KeyFiles(keysDir(dir), { makes: false });
    const genesis = Buffer.from(spec.genesis, "base64");
    const [envelopeSigner, nowMs] = [signers.signer(sender, KeyPurpose.ENVELOPE), () => Date.now()];
    this.dir = dir;
    this.spec = spec;
    this.fence = new FenceReader({ genesisDigest: genesisDigest(genesis) });
    const tls = grpcTls(dir);
    this.#rpc = new GrpcRpc({ servers: spec.servers, onError: () => {}, ...(tls && { tls }) });
    this.keys = rootedKeys(openGenesis(genesis), this.fence);
    const own = { name: sender, keys: this.keys, rpc: this.#rpc, nowMs };
    this.person = new Person({ ...own, envelopeSigner, wordSigner: signers.signer(sender, KeyPurpose.APPROVAL) });
    this.#watch = new FenceWatch({ ...own, signer: envelopeSigner, fence: this.fence, validators: VALIDATORS });
  }

  /** The control log to its end, from the first validator that answers. False: nobody could say what its end is. */
  async read(): Promise<boolean> {
    for (let asked = 0; asked < READS_MAX; asked++) if (await this.#watch.read()) return true;
    return false;
  }

  /** The same. @throws RpcError where nobody could say it */
  async readWhole(): Promise<void> {
    if (await this.read()) return;
    const text = "no validator says what the end of the control log is: see ./countersign status";
    throw new RpcError("UNAVAILABLE", text);
  }

  /** Reads on until it is so, or the time is over. */
  async readUntil(isSo: () => boolean, withinMs: number): Promise<boolean> {
    for (const until = performance.now() + withinMs; performance.now() < until; await wait(POLL_MS)) {
      await this.#watch.read();
      if (isSo()) return true;
    }
    return false;
  }

  /** Asks one validator after the other, until one answers: all of them have one log. @throws RpcError of the last */
  async ofAnyValidator<T>(act: (validator: string) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const validator of VALIDATORS) {
      try {
        return await act(validator);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        last = error;
      }
    }
    throw last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rpc.close(0);
  }
}

/** Three validators, each twice, and a log of more entries than fit into one answer. */
const READS_MAX = 12;
const POLL_MS = 100;
