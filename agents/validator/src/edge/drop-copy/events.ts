/** One connection of Server-Sent Events, each with its number from 1. It throws when the connection ends, a number is missing or it is silent. */
import { DropCopyError } from "../../core/drop-copy.ts";

export interface ServerSent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export async function* readEvents(
  url: URL,
  { apiKey, signal, silenceMs }: { readonly apiKey: string; readonly signal: AbortSignal; readonly silenceMs: number },
): AsyncGenerator<ServerSent> {
  const silence = new AbortController();
  const late = () => silence.abort(new DropCopyError("TIMEOUT", `nothing was heard for ${silenceMs} ms`));
  const timer = setTimeout(late, silenceMs);
  try {
    const headers = { "x-api-key": apiKey, accept: "text/event-stream" };
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, silence.signal]) });
    if (response.status !== 200 || response.body === null)
      throw new DropCopyError("BAD_ANSWER", `the stream answers ${response.status}`);
    let seq = 0;
    let rest = "";
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      const events = (rest + text).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const one = parse(event);
        if (one.data.seq !== ++seq) throw new DropCopyError("BAD_ANSWER", `an event is missing before ${one.data.seq}`);
        yield one;
      }
    }
    throw new DropCopyError("UNREACHABLE", "the connection was closed");
  } finally {
    clearTimeout(timer);
  }
}

function parse(event: string): ServerSent {
  const [, name = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
  try {
    return { name, data: JSON.parse(data) };
  } catch (cause) {
    throw new DropCopyError("BAD_ANSWER", "an event cannot be read", { cause });
  }
}
