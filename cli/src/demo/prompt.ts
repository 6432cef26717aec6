/** What a person sees who is asked something. */
import type { Told } from "@countersign/platform";
import { plain } from "../terminal/style.ts";
import { type LineOptions, toldLine } from "./lines.ts";

/** The waiting line with its keys and the seconds left; on a narrow terminal the line gives way, its last words first, not the keys. */
export function prompt(told: Told, secondsLeft: number, options: LineOptions): string {
  const keys = `   a approve  r reject  w why   ${clock(secondsLeft)}`;
  const room = Math.max(0, options.style.width - keys.length);
  const isWhole = toldLine(told, { ...options, style: plain }).length <= room;
  const line = toldLine(isWhole ? told : { ...told, note: "" }, options, room);
  return `${line}${options.style.paint("bold", keys)}`;
}

export function reasonPrompt(text: string): string {
  return `trading is halted; why may it go on? (Enter: resume, Esc: stay halted)  ${text}`;
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
