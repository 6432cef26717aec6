/** Calls as they are watched: each one that is made is a span, with its header beside the envelope. */
import type { Rpc } from "@countersign/runtime";
import type { Probe } from "@countersign/telemetry";
import { aboutEnvelope, codeOf } from "./watched-bus.ts";

export function watchedRpc(rpc: Rpc, probe: Probe): Rpc {
  /** Sent a moment ago: a validator asks all three with one message. */
  const sent = new Set<string>();
  const isCopy = (msgId: string) => {
    if (sent.has(msgId)) return true;
    const [oldest] = sent;
    if (oldest !== undefined && sent.size >= SENT_MAX) sent.delete(oldest);
    sent.add(msgId);
    return false;
  };
  return {
    serve: (call, server, handler) => rpc.serve(call, server, handler),
    async call(call, server, request, options) {
      const about = aboutEnvelope(request);
      if (about === undefined) return rpc.call(call, server, request, options);
      const work = probe.begin("call", { name: call, server, isCopy: isCopy(about.msgId), ...about });
      try {
        // gRPC takes the header; a call within the process has no use for it.
        const carried = { ...options, traceparent: work.traceparent() };
        const answer = await rpc.call(call, server, request, carried);
        work.end();
        return answer;
      } catch (error) {
        work.end(codeOf(error));
        throw error;
      }
    },
  };
}

const SENT_MAX = 1_000;

/** For those who serve without a host: each call that they answer is a span, too. */
export function servedRpc(rpc: Rpc, probe: Probe): Rpc {
  return {
    call: (call, server, request, options) => rpc.call(call, server, request, options),
    serve(call, server, handler) {
      rpc.serve(call, server, async (request) => {
        const about = aboutEnvelope(request);
        const work = about && probe.begin("serve", { name: call, ...about });
        try {
          const answer = await handler(request);
          work?.end();
          return answer;
        } catch (error) {
          work?.refused(codeOf(error), "server");
          work?.end();
          throw error;
        }
      });
    },
  };
}
