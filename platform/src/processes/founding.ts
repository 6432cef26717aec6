/**
 * Genesis and deposit as they are asked for: sealed by the founder when the cluster is founded, and delivered by whoever, when there are
 * validators. A proposal has no age, and asked for twice it is in the log once: so who delivers it holds no person's key, and may fail
 * and begin again.
 */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { DepositSchema, KeyPurpose, Log, type ProposeResponse } from "@countersign/contracts";
import { type Keys, openEnvelope } from "@countersign/envelope";
import { GrpcRpc } from "@countersign/grpc";
import { moneyToWire, parseMoney } from "@countersign/orders";
import { openGenesis } from "@countersign/quorum";
import { isTransient, payloadOf, RpcError } from "@countersign/runtime";
import * as z from "zod";
import { VALIDATORS } from "../genesis.ts";
import { InputError } from "../inputs.ts";
import type { Signers } from "../keys.ts";
import { Person } from "../person.ts";
import { checked, readJson } from "./checked.ts";
import { type ClusterSpec, readSpec } from "./cluster.ts";
import { grpcTls } from "./credentials.ts";

/** Each a sealed QuorumService.Propose, base64. */
export interface FoundingRequests {
  readonly genesis: string;
  readonly deposit: string;
}

const FOUNDING_FILE = "founding.json";

type Founded = Pick<ClusterSpec, "person" | "account" | "currency" | "deposit" | "genesis">;

export function sealFounding(founded: Founded, signers: Signers, nowMs: number): FoundingRequests {
  const { person: name, account, currency, deposit, genesis } = founded;
  const [envelopeSigner, wordSigner] = [KeyPurpose.ENVELOPE, KeyPurpose.APPROVAL].map((one) =>
    signers.signer(name, one),
  );
  const none = { keys: { find: () => undefined }, rpc: { call: nobody, serve: () => {} } };
  const person = new Person({
    name,
    envelopeSigner: envelopeSigner!,
    wordSigner: wordSigner!,
    nowMs: () => nowMs,
    ...none,
  });
  const amount = moneyToWire(parseMoney(deposit, currency, 2));
  const opening = create(DepositSchema, { depositId: OPENING, account, amount, by: name });
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  return {
    genesis: text(person.sealGenesis(Buffer.from(genesis, "base64"))),
    deposit: text(person.sealProposal(Log.LEDGER, { case: "deposit", value: opening })),
  };
}

/** The same deposit however often somebody asks for it. */
export const OPENING = "opening";

/**
 * Brings both to the validators of a folder, and returns when both are in the log: as the validators' signed answers say, whose keys the
 * genesis names. @throws InputError where it is refused, RpcError where too few answer
 */
export async function deliverFounding(dir: string, onStep: (text: string) => void = () => {}): Promise<void> {
  const { servers, genesis } = readSpec(dir);
  const path = join(dir, FOUNDING_FILE);
  const requests = checked(
    path,
    founding,
    readJson(path, "the founding requests are missing: take the file as it was founded"),
  );
  const { keys } = openGenesis(Buffer.from(genesis, "base64"));
  const tls = grpcTls(dir);
  const rpc = new GrpcRpc({ servers, onError: () => {}, ...(tls && { tls }) });
  try {
    for (const what of ["genesis", "deposit"] as const) {
      const { code, text, seq } = await patiently((tries) => {
        const validator = VALIDATORS[tries % VALIDATORS.length]!;
        return propose(rpc, keys, validator, Buffer.from(requests[what], "base64"));
      });
      if (code !== undefined)
        throw new InputError("BAD_OPTION", `the ${what} is refused: ${code} ${text ?? ""}`.trim());
      onStep(`the ${what} is entry ${seq} of its log`);
    }
  } finally {
    await rpc.close(0);
  }
}

async function propose(rpc: GrpcRpc, keys: Keys, validator: string, request: Uint8Array): Promise<ProposeResponse> {
  const bytes = await rpc.call("QuorumService.Propose", validator, request, { deadlineMs: DEADLINE_MS });
  const opened = openEnvelope(bytes, keys);
  const answer = opened.ok && opened.body.sender === validator ? payloadOf(opened) : undefined;
  if (answer === undefined)
    throw new RpcError("UNAVAILABLE", `${validator} answers with what is not signed by its key`);
  const response = answer as ProposeResponse;
  if (response.code === "NO_QUORUM") throw new RpcError("UNAVAILABLE", response.text ?? "too few validators answered");
  return response;
}

/** Validators may be starting. */
export async function patiently<T>(act: (tries: number) => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act(tries);
    } catch (error) {
      if (!isTransient(error) || tries === TRIES_MAX) throw error;
      await wait(200);
    }
  }
}

function nobody(): never {
  throw new Error("broken invariant: founding calls nobody");
}

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, "no base64: take the file again as it was founded");
const founding = z.strictObject({ genesis: base64, deposit: base64 });
const DEADLINE_MS = 5_000;
const TRIES_MAX = 300;
