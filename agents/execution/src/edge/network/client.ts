import { request as httpRequest, Agent as PlainAgent } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";

/** No answer: the venue may or may not have acted on the request. */
export class NoAnswerError extends Error {
  readonly code: "TIMEOUT" | "UNREACHABLE" | "BAD_ANSWER";

  constructor(code: NoAnswerError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NoAnswerError";
    this.code = code;
  }
}

export interface Answer {
  readonly status: number;
  /** The venue's clock when it answered, ms. */
  readonly timeMs: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface VenueAddress {
  /** `http://127.0.0.1:8080`; https in every real network, because the key goes with each request. */
  readonly url: string;
  /** Asked for each request: a key may change. */
  readonly apiKey: () => string;
}

/** Requests to the venue. The credentials live here and in the user stream, and nothing gives them back. */
export class VenueClient {
  readonly #address: VenueAddress;
  readonly #agent: PlainAgent;

  constructor(address: VenueAddress) {
    this.#address = address;
    const options = { keepAlive: true, maxSockets: 64 };
    this.#agent = isTls(address) ? new TlsAgent(options) : new PlainAgent(options);
  }

  /**
   * Is written before it returns, once: nothing here sends a request again. Rejects with NoAnswerError. An answer of the venue is an
   * answer, whatever its status, but for those in which a server excuses itself (5xx).
   */
  request(method: string, path: string, { body, deadlineMs }: { body?: string; deadlineMs: number }): Promise<Answer> {
    const { url, apiKey } = this.#address;
    const headers = { "x-api-key": apiKey(), ...(body !== undefined && { "content-type": "application/json" }) };
    const make = isTls(this.#address) ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = make(new URL(path, url), { method, headers, agent: this.#agent });
      const late = () =>
        request.destroy(new NoAnswerError("TIMEOUT", `${method} ${path}: no answer in ${deadlineMs} ms`));
      const deadline = setTimeout(late, deadlineMs);
      const fail = (cause: Error): void => {
        clearTimeout(deadline);
        reject(cause instanceof NoAnswerError ? cause : new NoAnswerError("UNREACHABLE", cause.message, { cause }));
      };
      request.on("error", fail);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("close", () => {
          clearTimeout(deadline);
          const answer = response.complete
            ? read(response.statusCode ?? 0, Buffer.concat(chunks).toString())
            : undefined;
          if (answer !== undefined) resolve(answer);
          else
            reject(new NoAnswerError("BAD_ANSWER", `${method} ${path}: ${response.statusCode}, and no whole answer`));
        });
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export function isTls({ url }: VenueAddress): boolean {
  return new URL(url).protocol === "https:";
}

/** Undefined for what the venue did not say: another server's page, or half of an answer. */
function read(status: number, text: string): Answer | undefined {
  if (status >= 500) return undefined;
  try {
    const body = JSON.parse(text);
    return typeof body?.timeMs === "number" ? { status, timeMs: body.timeMs, body } : undefined;
  } catch {
    return undefined;
  }
}
