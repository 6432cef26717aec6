/** The told lines, in columns. */
import type { Told } from "@countersign/platform";
import { moment } from "../terminal/figures.ts";
import { fit, type Style } from "../terminal/style.ts";

export interface LineOptions {
  readonly style: Style;
  /** Of a market that is quoted within the day. */
  readonly withTime: boolean;
}

export function toldLine(told: Told, { style, withTime }: LineOptions, room = style.width): string {
  const { n, kind, atMs, what, because, note } = told;
  const head = ` ${`#${n} `.padEnd(NUMBER)}${moment(atMs, withTime)}  `;
  const reason = kind === "WAITING" && note !== "" ? { because: `${because}: ${note}`, note: "" } : { because, note };
  const text = inColumns({ what, ...reason }, room - head.length - KIND);
  return `${style.paint("dim", head)}${style.paint(COLOURS[kind], kind.padEnd(KIND))}${text}`;
}

export function alertLine(agent: string, text: string, { style }: LineOptions): string {
  const head = " !   ";
  const kind = "ALERT".padEnd(KIND);
  const said = fit(`${agent}: ${text}`, style.width - head.length - kind.length);
  return `${head}${style.paint("yellow", kind)}${said}`;
}

/** A line that is too long loses part of its reason, and its note where little of the reason would be left. */
function inColumns({ what, because, note }: Pick<Told, "what" | "because" | "note">, room: number): string {
  const begin = what.padEnd(WHAT) + " ".repeat(GAP);
  const whole =
    note === "" ? begin + because : `${(begin + because).padEnd(WHAT + GAP + BECAUSE + 1)}${" ".repeat(GAP)}${note}`;
  if (whole.length <= room) return whole.trimEnd();
  const left = room - begin.length - GAP - note.length;
  if (note === "" || left < LEAST_REASON) return fit(begin + because, room);
  return `${begin}${fit(because, left)}${" ".repeat(GAP)}${note}`;
}

const NUMBER = 4;
const GAP = 2;
const KIND = 10;
const WHAT = 24;
const BECAUSE = 44;
const LEAST_REASON = 20;

const COLOURS = {
  BOUGHT: "green",
  SOLD: "green",
  HEDGED: "cyan",
  UNFILLED: "yellow",
  REFUSED: "yellow",
  WAITING: "magenta",
  APPROVED: "magenta",
  REJECTED: "yellow",
  EXPIRED: "yellow",
  HALTED: "red",
  RESUMED: "green",
  INTRUDER: "red",
} as const satisfies Readonly<Record<Told["kind"], string>>;
