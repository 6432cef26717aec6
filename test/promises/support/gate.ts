/**
 * The venue gate over the real paper exchange, with real keys, permits and approvals. Everything about an order is good unless a scene
 * says otherwise, so that a refusal is the answer to that one thing alone.
 */
import { toBinary } from "@bufbuild/protobuf";
import { type KeyPurpose, KeyState, Mode, type OpenHalt, type Signed, SubmitOrderSchema } from "@countersign/contracts";
import { makeGrant } from "@countersign/envelope";
import { type Order, parseMoney, quantity } from "@countersign/orders";
import type { Held } from "@countersign/permit";
import type { SendOrder } from "../../../agents/execution/src/core/acts.ts";
import { type Gate, type GateFacts, openGate } from "../../../agents/execution/src/edge/gate.ts";
import { openPaperVenue } from "../../../agents/execution/src/edge/paper.ts";
import type { Venue } from "../../../agents/execution/src/edge/venue.ts";
import {
  config,
  instruments,
  intentOf,
  keys,
  NOW_MS,
  OPEN,
  orderOf,
  permitFor,
  quote,
  signer,
  submitOf,
} from "../../../agents/execution/test/world.ts";

/** What differs from a good order at an open gate. */
export interface Scene {
  readonly intent?: Uint8Array;
  /** `null`: none. */
  readonly permit?: Signed | null;
  readonly approvals?: readonly Signed[];
  readonly send?: Partial<SendOrder>;
  readonly facts?: Partial<Omit<GateFacts, "config">>;
  readonly config?: Partial<GateFacts["config"]>;
  /** Done to the order by the adapter, on its way into the request. */
  readonly adapter?: (order: Order) => Order;
  readonly latches?: readonly OpenHalt[];
  /** Written before. */
  readonly before?: Scene;
  /** No quote has been seen. */
  readonly unpriced?: boolean;
}

/** What the gate said, and how often anything was written to the venue because of it. A gate that throws has said nothing. */
export interface Said {
  readonly ok?: boolean;
  readonly code?: string;
  readonly place?: string;
  readonly threw?: string;
  readonly writes: number;
}

/** Everything a gate says when it refuses. */
export function refusedAtGate(code: string): Said {
  return { ok: false, code, place: "gate", writes: 0 };
}

export const written: Said = { ok: true, writes: 1 };

/** Sends the scene's order through a gate of its own. */
export function sendThroughGate(scene: Scene = {}): Said {
  return openScene(scene).send();
}

export interface OpenScene {
  readonly gate: Gate;
  send(order?: SendOrder): Said;
}

export function openScene(scene: Scene = {}): OpenScene {
  const paper = openPaperVenue({ ...config.venue, instruments });
  let writes = 0;
  const venue: Venue<Parameters<typeof paper.submit>[0]> = {
    ...paper,
    toVenueRequest: (order, times) => paper.toVenueRequest(scene.adapter?.(order) ?? order, times),
    submit(request) {
      writes += 1;
      return paper.submit(request);
    },
  };
  const facts = {
    fence: () => OPEN,
    fenceFresh: () => true,
    mayWrite: () => true,
    nowMs: () => NOW_MS,
    ...scene.facts,
  };
  const gate = openGate(venue, { config: { ...config, ...scene.config }, ...facts });
  if (scene.unpriced !== true) for (const symbol of instruments.keys()) gate.onMarket(quote(symbol, 19_010, 19_020));
  gate.latch(scene.latches ?? []);
  const send = (order: SendOrder = orderIn(scene)): Said => {
    const before = writes;
    const said = answerOf(gate, order);
    return { ...said, writes: writes - before };
  };
  if (scene.before !== undefined && send(orderIn(scene.before)).ok !== true)
    throw new Error("the order before did not pass the gate");
  return { gate, send };
}

/** What the core hands to the edge for this scene's order. */
function orderIn({ intent = intentOf(), permit = permitFor(intent), approvals = [], send }: Scene): SendOrder {
  const submit = submitOf(intent, { ...(permit && { permit }), approvals: [...approvals] });
  if (permit === null) delete submit.permit;
  const siblings = parseMoney("0", "USD");
  return { order: orderOf(intent), submit: toBinary(SubmitOrderSchema, submit), siblings, held: NOTHING_HELD, ...send };
}

/** Of the scene's symbol. */
export const NOTHING_HELD: Held = { symbol: "AAPL", position: quantity(0n, 0), reducing: quantity(0n, 0) };

/** One more key, for this sender and purpose. */
export function grantKey(
  label: string,
  { sender = label, purpose, person = false }: { sender?: string; purpose: KeyPurpose; person?: boolean },
): void {
  const times = { validFromMs: 0n, validUntilMs: BigInt(2 * NOW_MS) };
  const fields = { sender, person, purpose, modes: [Mode.PAPER], types: [], state: KeyState.ACTIVE, ...times };
  const wrong = keys.grant(makeGrant(fields, signer(label)));
  if (wrong !== undefined) throw new Error(`${label}: ${wrong}`);
}

function answerOf(gate: Gate, order: SendOrder): Omit<Said, "writes"> {
  try {
    const said = gate.send(order);
    return said.ok ? { ok: true } : { ok: false, code: said.code, place: said.place };
  } catch (error) {
    return { threw: String(error) };
  }
}
