/** What the nemesis has to do with: three members of etcd and three validators, each on a host of its own, and the clients on a seventh. */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { makeAuthority } from "@countersign/certificates";
import { etcdProgram, memberArguments } from "@countersign/engines";
import { type Hosts, openHosts } from "./hosts.ts";
import { CLIENTS, HOSTS, MEMBERS, type Order, VALIDATORS, type ValidatorOrder } from "./parties.ts";

const PORT = { client: 2379, peer: 2380, grpc: 7000 } as const;
const READY_MS = 60_000;

/** A program on a host, that comes back as it was started. */
interface Party {
  readonly host: string;
  readonly start: () => ChildProcess;
  child: ChildProcess;
  /** It was ended by us. */
  isDown: boolean;
}

export interface Clients {
  /** Writes a line to them; what they print next is the answer, as JSON. */
  ask<A>(line: string): Promise<A>;
  end(): Promise<void>;
}

export class Ground implements AsyncDisposable {
  readonly hosts: Hosts;
  /** What ended by itself: whose name, and where to read why. */
  readonly endedByItself: string[] = [];
  readonly #dir: string;
  readonly #etcd: string;
  readonly #order: Omit<Order, "tls">;
  readonly #authority = makeAuthority({ name: "nemesis", fromMs: Date.now() - 60_000, days: 1 });
  readonly #platform = randomUUID();
  readonly #parties = new Map<string, Party>();
  #answered: (line: string) => void = () => {};
  /** Of those that are ready. */
  readonly #disks = new Map<string, { readonly folder: string; readonly postmaster: number }>();

  private constructor(dir: string, etcd: string) {
    this.#dir = dir;
    this.#etcd = etcd;
    this.hosts = openHosts(HOSTS);
    const at = (host: string, port: number) => `${this.hosts.addressOf(host)}:${port}`;
    const servers = Object.fromEntries(VALIDATORS.map((name) => [name, [at(name, PORT.grpc)]]));
    this.#order = { etcd: MEMBERS.map((name) => at(name, PORT.client)), servers };
  }

  /** @throws EngineError without etcd, Error without namespaces */
  static async open(dir: string): Promise<Ground> {
    const ground = new Ground(dir, await etcdProgram());
    try {
      for (const name of MEMBERS) ground.#add(name, () => ground.#startMember(name));
      for (const name of VALIDATORS) ground.#add(name, () => ground.#startValidator(name));
      await Promise.all(VALIDATORS.map((name) => ground.isReady(name)));
      return ground;
    } catch (error) {
      await ground[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A program on the clients' host, once it says `ready`: it gets its order, works, and ends after its input has. */
  async startClients(program: string, facts: object): Promise<Clients> {
    const order = { ...this.#orderFor(CLIENTS), ...facts };
    const party = this.#add(CLIENTS, () => this.#startProgram(CLIENTS, program, order));
    await this.isReady(CLIENTS);
    return {
      ask: <A>(line: string) => {
        party.child.stdin?.write(`${line}\n`);
        return new Promise<A>((resolve) => {
          this.#answered = (answer) => resolve(JSON.parse(answer));
        });
      },
      async end() {
        party.isDown = true;
        const ended = new Promise<void>((resolve) => party.child.once("exit", () => resolve()));
        party.child.stdin?.end();
        await ended;
      },
    };
  }

  /** Whose process it is. */
  hostOf(pid: number): string | undefined {
    return [...this.#parties.values()].find(({ child }) => child.pid === pid)?.host;
  }

  signal(host: string, signal: "SIGSTOP" | "SIGCONT"): void {
    this.#party(host).child.kill(signal);
  }

  /** kill -9, and gone. */
  async kill(host: string): Promise<void> {
    const party = this.#party(host);
    party.isDown = true;
    const ended = new Promise<void>((resolve) => party.child.once("exit", () => resolve()));
    party.child.kill("SIGKILL");
    await ended;
    // Its database ends a moment after it, and has its disk until then.
    const { postmaster = Number.NaN } = this.#disks.get(host) ?? {};
    while (isAlive(postmaster)) await wait(20);
  }

  start(host: string): void {
    const party = this.#party(host);
    party.child = party.start();
    party.isDown = false;
    this.#watch(party);
  }

  /** Said by the program itself, after its start. */
  async isReady(host: string): Promise<void> {
    for (const until = performance.now() + READY_MS; !this.#disks.has(host); await wait(50))
      if (performance.now() > until)
        throw new Error(`${host} is not ready after ${READY_MS / 1_000} s: see ${this.#log(host)}`);
  }

  /** The member of etcd that leads, by its own word; undefined while there is none. */
  async leader(): Promise<string | undefined> {
    const [program, args] = this.hosts.on(CLIENTS, process.execPath, [
      join(import.meta.dirname, "leader.ts"),
      ...this.#order.etcd,
    ]);
    const { stdout } = await promisify(execFile)(program, args);
    return MEMBERS[Number(stdout.trim() || -1)];
  }

  skew(validator: string, ms: number): void {
    this.#party(validator).child.stdin?.write(`skew ${ms}\n`);
  }

  /** Of a validator that is down: its disk, to be put back with `restoreDisk`. */
  copyDisk(validator: string): void {
    const disk = this.#disks.get(validator)!.folder;
    rmSync(`${disk}.old`, { recursive: true, force: true });
    execFileSync("cp", ["-a", disk, `${disk}.old`]);
  }

  restoreDisk(validator: string): void {
    const disk = this.#disks.get(validator)!.folder;
    rmSync(disk, { recursive: true, force: true });
    execFileSync("cp", ["-a", `${disk}.old`, disk]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const party of this.#parties.values()) party.isDown = true;
    const hosts = [...this.#parties.keys()];
    for (const host of hosts) this.signal(host, "SIGCONT");
    await Promise.all(hosts.map((host) => (this.#party(host).child.exitCode === null ? this.kill(host) : undefined)));
    this.hosts[Symbol.dispose]();
  }

  // ── programs ──

  #startMember(name: string): ChildProcess {
    const at = (host: string, port: number) => `http://${this.hosts.addressOf(host)}:${port}`;
    const args = memberArguments({
      name,
      dataDir: join(this.#dir, name),
      client: at(name, PORT.client),
      peer: at(name, PORT.peer),
      cluster: MEMBERS.map((one) => `${one}=${at(one, PORT.peer)}`),
    });
    return this.#spawn(name, this.#etcd, args);
  }

  #startValidator(name: ValidatorOrder["name"]): ChildProcess {
    const order = { ...this.#orderFor(name), name, dir: join(this.#dir, name), platform: this.#platform };
    return this.#startProgram(name, join(import.meta.dirname, "validator-host.ts"), order);
  }

  #startProgram(host: string, program: string, order: Order): ChildProcess {
    this.#disks.delete(host);
    const child = this.#spawn(host, process.execPath, [program, JSON.stringify(order)]);
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const [word, folder = "", postmaster] = line.split(" ");
      if (word === "ready") this.#disks.set(host, { folder, postmaster: Number(postmaster) });
      else this.#answered(line);
    });
    return child;
  }

  #spawn(host: string, command: string, args: readonly string[]): ChildProcess {
    const [program, all] = this.hosts.on(host, command, args);
    return spawn(program, all, { stdio: ["pipe", "pipe", openSync(this.#log(host), "a")] });
  }

  #orderFor(name: string): Order {
    const { cert, key } = this.#authority.issue(name);
    const [ca64, cert64, key64] = [this.#authority.ca, cert, key].map((bytes) => Buffer.from(bytes).toString("base64"));
    return { ...this.#order, tls: { ca: ca64!, cert: cert64!, key: key64! } };
  }

  #add(host: string, start: () => ChildProcess): Party {
    mkdirSync(this.#dir, { recursive: true });
    const party: Party = { host, start, child: start(), isDown: false };
    this.#parties.set(host, party);
    this.#watch(party);
    return party;
  }

  #watch(party: Party): void {
    const { child, host } = party;
    child.once("exit", () => {
      if (!party.isDown) this.endedByItself.push(`${host}: see ${this.#log(host)}`);
    });
  }

  #party(host: string): Party {
    const party = this.#parties.get(host);
    if (party === undefined) throw new Error(`broken invariant: nobody is on ${host}`);
    return party;
  }

  #log(host: string): string {
    return join(this.#dir, `${host}.log`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
