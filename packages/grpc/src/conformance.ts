/**
 * What every adapter of the Rpc port must do, as a function that is handed one. It needs vitest's `it` and `expect` from the caller,
 * so that this package depends on no test runner. Deadlines are not in it: within one process nobody keeps them.
 */
import { type Rpc, RpcError } from "@countersign/runtime";

export interface Harness {
  /** Where handlers are registered; may be the same as `calling`. */
  readonly serving: Rpc;
  /** Knows the servers `policy`, `validator-1` and `validator-2`. */
  readonly calling: Rpc;
  close(): Promise<void>;
}

interface TestApi {
  it(name: string, test: () => Promise<void>): void;
  equal(actual: unknown, expected: unknown): void;
}

const VALIDATE = "PolicyService.Validate";
const VOTE = "QuorumService.Vote";
const deadline = { deadlineMs: 10_000 };
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (answer: Uint8Array) => Buffer.from(answer).toString();

/** An envelope no encoder would write: unknown fields, a field twice, fields out of order, a varint longer than it has to be. */
const peculiar = Uint8Array.of(
  ...[0xfa, 0x07, 0x03, 1, 2, 3], // field 127, bytes
  ...[0x12, 0x01, 0xaa, 0x12, 0x82, 0x00, 0xbb, 0xcc], // payload, and again, its length as two bytes
  ...[0x0a, 0x01, 0x78], // payload_type
  ...[0x98, 0x06, 0x80, 0x80, 0x00], // field 99, the varint 0 in three bytes
);

const samples: Readonly<Record<string, Uint8Array>> = {
  "an envelope no encoder would write": peculiar,
  "no message at all": Uint8Array.from({ length: 256 }, (_, n) => 255 - n),
  nothing: new Uint8Array(),
  "a megabyte": Uint8Array.from({ length: 1_048_576 }, (_, n) => (n * 31) % 251),
  "a view into something larger": Uint8Array.from({ length: 64 }, (_, n) => n).subarray(16, 32),
};

export function rpcConformance(open: () => Promise<Harness>, { it, equal }: TestApi): void {
  const withRpc = (name: string, test: (harness: Harness) => Promise<void>) =>
    it(name, async () => {
      const harness = await open();
      try {
        await test(harness);
      } finally {
        await harness.close();
      }
    });

  for (const [name, sample] of Object.entries(samples)) {
    withRpc(`carries ${name} byte for byte, both ways`, async ({ serving, calling }) => {
      const seen: Uint8Array[] = [];
      serving.serve(VALIDATE, "policy", async (request) => {
        seen.push(request);
        return Uint8Array.from(sample).reverse();
      });
      const answer = await calling.call(VALIDATE, "policy", sample, deadline);
      equal(seen.map(isSame(sample)), [true]);
      equal([answer].map(isSame(Uint8Array.from(sample).reverse())), [true]);
    });
  }

  withRpc("leaves a handler the bytes it was given, whatever comes after", async ({ serving, calling }) => {
    const kept: Uint8Array[] = [];
    serving.serve(VALIDATE, "policy", async (request) => {
      kept.push(request);
      return request;
    });
    const sent = Array.from({ length: 50 }, (_, n) => bytes(`request ${n} ${"x".repeat(n * 40)}`));
    const answers: Uint8Array[] = [];
    for (const request of sent) answers.push(await calling.call(VALIDATE, "policy", request, deadline));
    equal(kept.map(text), sent.map(text));
    equal(answers.map(text), sent.map(text));
  });

  for (const code of ["REFUSED", "UNAVAILABLE", "DEADLINE_EXCEEDED"] as const) {
    withRpc(`tells the caller ${code}, and the server's words`, async ({ serving, calling }) => {
      const words = `100 % “größer” als\nerlaubt: 日本 \u{1f6d1} #1 %41`;
      serving.serve(VALIDATE, "policy", () => Promise.reject(new RpcError(code, words)));
      const failure = await failureOf(calling.call(VALIDATE, "policy", bytes("?"), deadline));
      equal([failure.code, failure.message.includes(words)], [code, true]);
    });
  }

  withRpc("tells the caller of a fault of the server, and no answer", async ({ serving, calling }) => {
    serving.serve(VALIDATE, "policy", () => Promise.reject(new TypeError("a broken invariant")));
    const outcome = await calling.call(VALIDATE, "policy", bytes("?"), deadline).then(
      () => "answered",
      () => "failed",
    );
    equal(outcome, "failed");
  });

  withRpc("says UNAVAILABLE where nobody serves", async ({ serving, calling }) => {
    serving.serve(VALIDATE, "policy", async (request) => request);
    const nowhere = [
      calling.call(VALIDATE, "nobody", bytes("?"), deadline),
      calling.call(VOTE, "policy", bytes("?"), deadline),
      calling.call(VALIDATE, "validator-1", bytes("?"), deadline),
      calling.call("NoService.NoCall", "policy", bytes("?"), deadline),
    ];
    equal(
      (await Promise.all(nowhere.map(failureOf))).map(({ code }) => code),
      ["UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"],
    );
  });

  withRpc("takes a call to the server that it names", async ({ serving, calling }) => {
    for (const server of ["validator-1", "validator-2"]) {
      serving.serve(VOTE, server, async (request) => bytes(`${server} heard ${text(request)}`));
    }
    const answers = ["validator-2", "validator-1"].map((server) => calling.call(VOTE, server, bytes("v"), deadline));
    equal((await Promise.all(answers)).map(text), ["validator-2 heard v", "validator-1 heard v"]);
  });

  withRpc("serves several calls of one server", async ({ serving, calling }) => {
    const names = ["QuorumService.Propose", VOTE, "HaltService.Halt"];
    for (const call of names) serving.serve(call, "validator-1", async () => bytes(call));
    const answers = names.map((call) => calling.call(call, "validator-1", bytes("?"), deadline));
    equal((await Promise.all(answers)).map(text), names);
  });

  withRpc("gives each of many calls its own answer, in whatever order they end", async ({ serving, calling }) => {
    const waiting: (() => void)[] = [];
    serving.serve(VALIDATE, "policy", async (request) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // The last one to come lets all go, itself first.
        if (waiting.length === 20) for (const go of waiting.reverse()) go();
      });
      return bytes(`answer to ${text(request)}`);
    });
    const numbers = Array.from({ length: 20 }, (_, n) => String(n));
    const answers = numbers.map((n) => calling.call(VALIDATE, "policy", bytes(n), deadline));
    equal(
      (await Promise.all(answers)).map(text),
      numbers.map((n) => `answer to ${n}`),
    );
  });

  withRpc("lets a handler call on", async ({ serving, calling }) => {
    serving.serve(VOTE, "validator-1", async (request) => bytes(`voted on ${text(request)}`));
    serving.serve("QuorumService.Propose", "validator-1", (request) =>
      calling.call(VOTE, "validator-1", request, deadline),
    );
    equal(text(await calling.call("QuorumService.Propose", "validator-1", bytes("e"), deadline)), "voted on e");
  });

  withRpc("serves by the handler that was named last", async ({ serving, calling }) => {
    for (const life of ["first", "second"]) serving.serve(VALIDATE, "policy", async () => bytes(life));
    equal(text(await calling.call(VALIDATE, "policy", bytes("?"), deadline)), "second");
  });
}

async function failureOf(call: Promise<Uint8Array>): Promise<RpcError> {
  const error: unknown = await call.then(
    () => new Error("there was an answer"),
    (reason) => reason,
  );
  if (error instanceof RpcError) return error;
  throw error;
}

/** Compared by hand: printing a megabyte that differs helps nobody. */
function isSame(expected: Uint8Array) {
  return (actual: Uint8Array) => Buffer.compare(actual, expected) === 0;
}
