import { type Finding, standingInTheWay } from "@countersign/platform";
import { counted } from "../terminal/figures.ts";
import type { Style } from "../terminal/style.ts";

const COLOURS = { ok: "green", missing: "red", wrong: "red", unknown: "yellow" } as const;

/** "missing  Java          no java runs here; Kafka needs 17 or later   cure: apt-get install -y openjdk-17-jre-headless" */
export function findingLine({ check, verdict, says, cure, isNeeded }: Finding, style: Style): string {
  const colour = isNeeded ? COLOURS[verdict] : verdict === "ok" ? "green" : "yellow";
  const lesser = isNeeded || verdict === "ok" ? "" : verdict === "missing" ? " (works without)" : " (worth a look)";
  const line = `${style.paint(colour, verdict.padEnd(7))}  ${check.padEnd(12)}  ${says.replace(/\s*\n\s*/g, " ")}${lesser}`;
  return cure === undefined ? line : `${line}   cure: ${cure}`;
}

export function verdictLine(findings: readonly Finding[]): string {
  const inTheWay = standingInTheWay(findings);
  const lesser = findings.filter(({ verdict, isNeeded }) => verdict !== "ok" && !isNeeded).length;
  const rest = lesser === 0 ? "" : `; ${counted(lesser, "line")} above worth a look`;
  if (inTheWay.length === 0) return `all that is needed is there${rest}`;
  return `${counted(inTheWay.length, "thing")} to cure: ${inTheWay.map(({ check }) => check).join(", ")}${rest}`;
}
