/** What outlives every process of the floor: keys, the genesis, the stores, the certified log. And what the firm was told to be. */
import { readFileSync } from "node:fs";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Ceiling } from "@countersign/agent-execution";
import { type Limits, parseLimits } from "@countersign/agent-policy";
import { type KeyPurpose, Mode, ProposeRequestSchema, RoleGrantSchema } from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import { type Instrument, parseInstruments, parseMoney } from "@countersign/orders";
import { MemoryQuorumLog } from "@countersign/quorum";
import { authority } from "../../../platform/src/authority-file.ts";
import { genesisRequest } from "../../../platform/src/genesis.ts";
import { ReplayKeys, type Signers } from "../../../platform/src/keys.ts";
import { WatchedStore } from "./p01-store.ts";

export const START_MS = Date.parse("2015-06-01T14:30:00Z");
export const ADA = "person:ada";
export const BOB = "person:bob";

/** What everybody signs with. A key that follows another is used by whoever starts after it. */
class FirmKeys implements Signers {
  /** How often a sender's keys were followed by others. */
  readonly #generations = new Map<string, number>();

  signer(sender: string, purpose: KeyPurpose): Signer {
    return this.of(this.generation(sender)).signer(sender, purpose);
  }

  generation(sender: string): number {
    return this.#generations.get(sender) ?? 0;
  }

  /** Those of one generation, from 0. */
  of(generation: number): Signers {
    return new ReplayKeys(generation === 0 ? "promises" : `promises ${generation}`);
  }

  next(sender: string): void {
    this.#generations.set(sender, this.generation(sender) + 1);
  }
}

export interface FirmOptions {
  /** Persons for a large order, by Policy's limits and by Execution's ceiling alike. */
  readonly approvers?: number;
  /** Persons for a resume. */
  readonly resumers?: number;
  /** Of persons; without any everybody may do everything. */
  readonly roles?: readonly MessageInitShape<typeof RoleGrantSchema>[];
  /** Who opens trading. */
  readonly openers?: readonly string[];
}

export class Firm {
  readonly keys = new FirmKeys();
  readonly log = new MemoryQuorumLog();
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly limits: Limits;
  readonly ceiling: Ceiling;
  readonly genesis: Uint8Array;
  readonly openers: readonly string[];
  readonly deposit = parseMoney("100000.00", "USD");
  /** Processes that were started over this. */
  lives = 0;
  readonly #stores = new Map<string, WatchedStore>();

  constructor({ approvers = 1, resumers = 1, roles = [], openers = [ADA, BOB] }: FirmOptions = {}) {
    this.openers = openers;
    const table = readFileSync(new URL("../../../markets/instruments.json", import.meta.url), "utf8");
    this.instruments = parseInstruments(JSON.parse(table));
    this.limits = limitsOf(approvers);
    this.ceiling = { notional: parseMoney("45000.00", "USD"), persons: approvers };
    this.genesis = genesisOf(this.keys, this.limits, { resumers, roles });
  }

  store(name: string): WatchedStore {
    const known = this.#stores.get(name) ?? new WatchedStore();
    this.#stores.set(name, known);
    return known;
  }

  /** Its disk is gone: the next process begins with an empty one. */
  loseStore(name: string): void {
    this.#stores.delete(name);
  }
}

/** A person is asked above 40,000; no position may be worth more than 60 % of the equity. */
function limitsOf(persons: number): Limits {
  const rule = { rule: "large order", metric: "order_notional", scope: "account", comparator: ">", threshold: "40000" };
  const position = { rule: "position", metric: "position", scope: "symbol", comparator: ">", threshold: "0.60" };
  const file = {
    name: "promises",
    symbols: ["AAPL", "SPX"],
    permitTtlSeconds: 30,
    approvals: { ttlSeconds: 120, persons },
    rules: [
      { ...rule, action: "escalate" },
      { ...position, action: "reject" },
    ],
  };
  return parseLimits(Buffer.from(JSON.stringify(file, undefined, 2)), "limits/promises.json");
}

function genesisOf(
  keys: Signers,
  { digest }: Limits,
  { resumers, roles }: Required<Pick<FirmOptions, "resumers" | "roles">>,
): Uint8Array {
  const firm = { authority, mode: Mode.REPLAY, platform: "countersign-embedded", signers: keys, persons: [ADA, BOB] };
  const facts = { ...firm, limitsDigest: digest, fromMs: START_MS };
  const request = fromBinary(ProposeRequestSchema, genesisRequest(facts));
  if (request.content.case !== "genesis") throw new Error("the first entry is a genesis");
  request.content.value.resumePersons = resumers;
  request.content.value.roles = roles.map((role) => create(RoleGrantSchema, role));
  return toBinary(ProposeRequestSchema, request);
}
