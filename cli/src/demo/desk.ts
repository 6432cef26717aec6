/**
 * A person's desk at the terminal, as a state machine: which key does what while the day runs, while an order waits, and while a reason
 * is typed. Pure: keys and wall seconds go in, deeds come out.
 */
export interface Desk {
  readonly mode: Mode;
  /** Runs on without pacing. */
  readonly isFast: boolean;
}

type Mode =
  | { readonly kind: "running" }
  /** An order waits. */
  | { readonly kind: "deciding"; readonly secondsLeft: number }
  /** Trading is halted, and whoever resumes it says why. */
  | { readonly kind: "giving-reason"; readonly text: string };

export type Deed =
  | { readonly kind: "approve" | "reject" | "why" | "halt" }
  /** Nobody answered: the order has the time that its request gives it. */
  | { readonly kind: "let-be" }
  | { readonly kind: "resume"; readonly reason: string };

export interface Reached {
  readonly desk: Desk;
  readonly deed?: Deed;
}

export const emptyDesk: Desk = { mode: { kind: "running" }, isFast: false };

export function ask(desk: Desk, seconds: number): Desk {
  return { ...desk, mode: { kind: "deciding", secondsLeft: seconds } };
}

/** `isHalted`: of the fence, now. One key is one character; what a terminal sends for arrows and the like does nothing. */
export function press(desk: Desk, key: string, isHalted: boolean): Reached {
  if (desk.mode.kind === "giving-reason") return type(desk, desk.mode.text, key);
  if (key === "f") return { desk: { ...desk, isFast: !desk.isFast } };
  if (key === "h") {
    if (isHalted) return desk.mode.kind === "running" ? giveReason(desk, "") : { desk };
    // A halt voids whatever waits: there is nothing left to decide.
    return { desk: run(desk), deed: { kind: "halt" } };
  }
  if (desk.mode.kind !== "deciding") return { desk };
  if (key === "a") return { desk: run(desk), deed: { kind: "approve" } };
  if (key === "r") return { desk: run(desk), deed: { kind: "reject" } };
  if (key === "w") return { desk, deed: { kind: "why" } };
  return { desk };
}

/** One wall second. */
export function tick(desk: Desk): Reached {
  if (desk.mode.kind !== "deciding") return { desk };
  const secondsLeft = desk.mode.secondsLeft - 1;
  if (secondsLeft > 0) return { desk: { ...desk, mode: { kind: "deciding", secondsLeft } } };
  return { desk: run(desk), deed: { kind: "let-be" } };
}

function type(desk: Desk, text: string, key: string): Reached {
  if (key === ESCAPE) return { desk: run(desk) };
  if (key === "\r" || key === "\n") {
    const reason = text.trim();
    return reason === "" ? { desk } : { desk: run(desk), deed: { kind: "resume", reason } };
  }
  if (key === "\u007f" || key === "\b") return giveReason(desk, [...text].slice(0, -1).join(""));
  const isText = key >= " " && text.length < REASON_MAX;
  return isText ? giveReason(desk, text + key) : { desk };
}

function giveReason(desk: Desk, text: string): Reached {
  return { desk: { ...desk, mode: { kind: "giving-reason", text } } };
}

function run(desk: Desk): Desk {
  return { ...desk, mode: { kind: "running" } };
}

export const ESCAPE = "\u001b";
const REASON_MAX = 200;
