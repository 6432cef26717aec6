import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { ExecutionReport } from "@countersign/venue-paper";
import { isTls, type VenueAddress } from "./client.ts";

export interface StreamEvents {
  /** It is up; the venue's last execution id at that moment: what is later comes by the stream. */
  readonly onUp: (lastExecID: number) => void;
  readonly onReport: (report: ExecutionReport) => void;
  /** It is down, for good; once. */
  readonly onDown: (why: string) => void;
}

/**
 * One connection to the venue's user stream (Server-Sent Events). It is down when the connection is, when a sequence number is missing,
 * or when nothing was heard for `silenceMs`, which is longer than the venue's heartbeat.
 */
export function openUserStream(
  address: VenueAddress,
  silenceMs: number,
  on: StreamEvents,
): { close(why?: string): void } {
  let isOver = false;
  let seq = 0;
  let rest = "";
  const make = isTls(address) ? httpsRequest : httpRequest;
  const request: ClientRequest = make(new URL("/v1/stream", address.url), {
    headers: { "x-api-key": address.apiKey(), accept: "text/event-stream" },
    agent: false,
  });
  const end = (why: string): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(silence);
    request.destroy();
    on.onDown(why);
  };
  const silence = setTimeout(() => end(`nothing was heard for ${silenceMs} ms`), silenceMs);

  const take = (text: string): void => {
    const [, name, data = ""] = /^event: (.*)\ndata: (.*)$/.exec(text) ?? [];
    const event = JSON.parse(data);
    seq += 1;
    if (event.seq !== seq) end(`event ${event.seq} came where ${seq} was due`);
    if (isOver) return;
    silence.refresh();
    if (name === "hello") on.onUp(event.lastExecID);
    if (name === "report") on.onReport(event.report);
  };
  const read = (chunk: string): void => {
    rest += chunk;
    try {
      for (let at = rest.indexOf("\n\n"); at >= 0 && !isOver; at = rest.indexOf("\n\n")) {
        const text = rest.slice(0, at);
        rest = rest.slice(at + 2);
        take(text);
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      end(`an event cannot be read: ${error.message}`);
    }
  };
  request.on("error", (error) => end(error.message));
  request.on("response", (response) => {
    if (response.statusCode !== 200) return end(`status ${response.statusCode}`);
    response.setEncoding("utf8");
    response.on("data", read);
    response.on("error", (error) => end(error.message));
    response.on("close", () => end("the connection was closed"));
  });
  request.end();
  return { close: (why = "closed by us") => end(why) };
}
