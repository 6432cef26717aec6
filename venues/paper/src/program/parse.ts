import type { NewOrderSingle } from "../wire.ts";
import { ExchangeError } from "./error.ts";

/** A NewOrderSingle of a stranger's JSON. Throws ExchangeError `BAD_REQUEST`, naming the field: also for one that is not known. */
export function parseNewOrder(json: unknown): NewOrderSingle {
  const order = check(json, ORDER, "order");
  const stop = order.stopPx !== undefined;
  if ((order.ordType === "STOP_LIMIT") !== stop)
    throw bad("order.stopPx", stop ? "belongs to a STOP_LIMIT order" : "is missing: a STOP_LIMIT order needs it");
  check(order.attribution, ATTRIBUTION, "order.attribution");
  return order as unknown as NewOrderSingle;
}

/** A client order id out of a path. Throws ExchangeError `BAD_REQUEST`. */
export function parseClOrdID(text: string): string {
  if (!CL_ORD_ID.test(text)) throw bad("clOrdID", `${JSON.stringify(text)} is not ${CL_ORD_ID}`);
  return text;
}

/** A number of a query string. Throws ExchangeError `BAD_REQUEST`. */
export function parseCount(name: string, text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  if (!/^\d{1,15}$/.test(text)) throw bad(name, `${JSON.stringify(text)} is not a whole number`);
  return Number(text);
}

const CL_ORD_ID = /^[A-Za-z0-9._:-]{1,36}$/;
const POSITIVE = /^(?=.*[1-9])\d{1,15}(\.\d{1,9})?$/;
const DECIMAL = /^\d{1,15}(\.\d{1,9})?$/;
const TEXT = /^[^\p{Cc}]{1,200}$/u;

interface Field {
  readonly is: RegExp | "boolean" | "time" | "object";
  readonly optional?: true;
}
type Fields = Readonly<Record<string, Field>>;

const ORDER: Fields = {
  clOrdID: { is: CL_ORD_ID },
  account: { is: TEXT },
  symbol: { is: TEXT },
  side: { is: /^(BUY|SELL)$/ },
  orderQty: { is: POSITIVE },
  ordType: { is: /^(LIMIT|STOP_LIMIT)$/ },
  price: { is: POSITIVE },
  stopPx: { is: POSITIVE, optional: true },
  minPx: { is: DECIMAL },
  maxPx: { is: POSITIVE },
  timeInForce: { is: /^(GTC|IOC|FOK)$/ },
  validUntilMs: { is: "time" },
  sawQuoteSeq: { is: /^\d{1,18}$/, optional: true },
  reduceOnly: { is: "boolean" },
  attribution: { is: "object" },
};

const ATTRIBUTION: Fields = {
  venue: { is: TEXT },
  mode: { is: /^(replay|paper)$/ },
  proposer: { is: TEXT },
  principal: { is: TEXT },
  parent: { is: TEXT },
  intentKey: { is: TEXT },
};

function check(json: unknown, fields: Fields, name: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw bad(name, "is no object");
  const object = json as Record<string, unknown>;
  for (const field of Object.keys(object)) if (!(field in fields)) throw bad(`${name}.${field}`, "is not known");
  for (const [field, { is, optional }] of Object.entries(fields)) {
    const value = object[field];
    if (value === undefined && optional) continue;
    if (value === undefined) throw bad(`${name}.${field}`, "is missing");
    if (!fits(value, is)) throw bad(`${name}.${field}`, `${JSON.stringify(value)} is not ${is}`);
  }
  return object;
}

function fits(value: unknown, is: Field["is"]): boolean {
  if (is === "boolean") return typeof value === "boolean";
  if (is === "time") return Number.isSafeInteger(value) && Number(value) > 0;
  if (is === "object") return typeof value === "object" && value !== null;
  return typeof value === "string" && is.test(value);
}

function bad(field: string, text: string): ExchangeError {
  return new ExchangeError("BAD_REQUEST", `${field} ${text}`);
}
