/** Numbers as people read them. What is not known is a dash, never zero. */

/** "−1210.55" as "−1,210.55". */
export function amount(decimal: string | null): string {
  if (decimal === null) return "—";
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(\.\d+)?$/.exec(decimal) ?? [];
  return `${sign && "−"}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${fraction}`;
}

/** 0.041 as "4.1 %". */
export function percent(fraction: number | null): string {
  if (fraction === null) return "—";
  const text = (Math.abs(fraction) * 100).toFixed(1);
  return `${fraction < 0 && text !== "0.0" ? "−" : ""}${text} %`;
}

export function whole(n: number): string {
  return n.toLocaleString("en-US");
}

export function counted(n: number, noun: string): string {
  return `${whole(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** "2015-06-22", or with the time of day, to the second, UTC. */
export function moment(atMs: number, withTime: boolean): string {
  const text = new Date(atMs).toISOString();
  return withTime ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : text.slice(0, 10);
}
