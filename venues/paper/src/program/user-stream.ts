/**
 * The user stream: Server-Sent Events, each with the stream's own sequence number from 1. What happens while nobody listens is not sent
 * later: who comes back asks for the executions since the last one he holds.
 *
 *   event: hello      {"seq":1,"timeMs":…,"lastExecID":…}
 *   event: report     {"seq":2,"report":{…}}
 *   event: heartbeat  {"seq":3,"timeMs":…,"lastExecID":…}
 *
 * `lastExecID` is that of the account's own last report.
 */
import type { ServerResponse } from "node:http";
import type { Exchange } from "./exchange.ts";

export function openUserStream(
  exchange: Exchange,
  account: string,
  response: ServerResponse,
  heartBtIntMs: number,
): void {
  let seq = 0;
  const send = (event: string, data: object): void => {
    seq += 1;
    response.write(`event: ${event}\ndata: ${JSON.stringify({ seq, ...data })}\n\n`);
    // Who does not read is cut off, and has to ask: nothing is kept for him without bound.
    if (response.writableLength > UNREAD_BYTES_MAX) response.destroy();
  };
  const alive = () => ({ timeMs: exchange.nowMs(), lastExecID: exchange.lastExecIDOf(account) });
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  send("hello", alive());
  const stop = exchange.subscribe((report) => {
    if (report.account === account) send("report", { report });
  });
  const heartbeat = setInterval(() => send("heartbeat", alive()), heartBtIntMs);
  response.on("close", () => {
    stop();
    clearInterval(heartbeat);
  });
}

const UNREAD_BYTES_MAX = 1_048_576;
