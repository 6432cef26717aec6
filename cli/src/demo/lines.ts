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
  const head = ` ${`#${n}`.padEnd(4)}${moment(atMs, withTime)}  `;
  const asks = kind === "WAITING";
  const middle = asks ? `${what.padEnd(WHAT)}  ${because}: ${note}` : `${what.padEnd(WHAT)}  ${because}`;
  const text = asks || note === "" ? middle : `${middle.padEnd(WHAT + BECAUSE)}   ${note}`;
  const left = room - head.length - KIND;
  return `${style.paint("dim", head)}${style.paint(COLOURS[kind], kind.padEnd(KIND))}${shorten(text, middle, left)}`;
}

export function alertLine(agent: string, text: string, { style }: LineOptions): string {
  const head = " !   ";
  const kind = "ALERT".padEnd(KIND);
  const said = fit(`${agent}: ${text}`, style.width - head.length - kind.length);
  return `${head}${style.paint("yellow", kind)}${said}`;
}

/** Of a line that is too long the note goes first. */
function shorten(text: string, middle: string, room: number): string {
  return text.length <= room ? text : fit(middle, room);
}

const KIND = 10;
const WHAT = 22;
const BECAUSE = 48;

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
