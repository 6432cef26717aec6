/** Instant queries of Prometheus' HTTP API. Its answer is judged elsewhere; that there is none is an error, never an empty answer. */
import { readFileSync } from "node:fs";

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** @param atMs the moment that is asked about @throws GateError NO_ANSWER */
  query(query: string, atMs: number): Promise<readonly Sample[]>;
}

export class GateError extends Error {
  readonly code: "NO_ANSWER" | "NO_RELEASE";

  constructor(code: GateError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GateError";
    this.code = code;
  }
}

export interface PrometheusOptions {
  readonly url: string;
  /** A bearer token that does not live long. */
  readonly tokenFile?: string | undefined;
  readonly fetch?: typeof fetch;
}

const TIMEOUT_MS = 30_000;

export function openPrometheus({ url, tokenFile, fetch: send = fetch }: PrometheusOptions): Prometheus {
  return {
    async query(query, atMs) {
      const body = new URLSearchParams({ query, time: String(atMs / 1_000) });
      const headers = tokenFile && { authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}` };
      const failed = (why: string, cause?: unknown) =>
        new GateError("NO_ANSWER", `${url}: ${why}: ${query}`, { cause });
      let answer: Answer;
      try {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const response = await send(`${url}/api/v1/query`, { method: "POST", body, headers: headers || {}, signal });
        answer = (await response.json()) as Answer;
      } catch (cause) {
        throw failed(cause instanceof Error ? cause.message : String(cause), cause);
      }
      if (answer.status !== "success") throw failed(answer.error ?? "no success");
      if (answer.data?.resultType !== "vector") throw failed("no vector");
      return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
  };
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
  };
}
