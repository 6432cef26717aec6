/**
 * Who may say what, where: the join of what the canvases ask for with what the catalogue knows. `npm run authority` writes it to
 * authority.json, whose diff is reviewed; key grants, and later ACLs and mesh policies, are made from that file alone.
 */
import { callSpec, topicSpec } from "@countersign/contracts";
import type { Canvas } from "@countersign/runtime";

export interface Authority {
  readonly agents: Readonly<Record<string, AgentAuthority>>;
  /** What a person's keys may say, by role. */
  readonly roles: Readonly<Record<string, readonly Right[]>>;
}

interface AgentAuthority {
  readonly says: readonly Right[];
  readonly reads: readonly { readonly topic: string; readonly as: string }[];
}

/** A right to say a type on a topic, or in a call. */
export interface Right {
  readonly type: string;
  readonly topic: string;
}

class AuthorityError extends Error {
  readonly code: "UNKNOWN_TOPIC" | "UNKNOWN_CALL" | "FOREIGN_TYPE" | "DUPLICATE_AGENT";

  constructor(code: AuthorityError["code"], message: string) {
    super(message);
    this.name = "AuthorityError";
    this.code = code;
  }
}

/** Of every agent: its shell puts the pipeline's refusals on record, says that it lives, and reads the control log for its fence. */
const shellRights: readonly Right[] = [
  { type: "quorum.read-request", topic: "QuorumService.Read" },
  { type: "decision.refused", topic: "audit.records.v1" },
  { type: "agent.heartbeat", topic: "agents.heartbeat.v1" },
];

const roles: Authority["roles"] = {
  approver: [
    { type: "approval.decision", topic: "approvals.decision.v1" },
    { type: "halt.request", topic: "HaltService.Halt" },
    { type: "quorum.propose", topic: "QuorumService.Propose" },
    { type: "quorum.read-request", topic: "QuorumService.Read" },
  ],
};

/** @throws AuthorityError when a canvas asks for what the catalogue does not have. */
export function joinAuthority(canvases: readonly Canvas[]): Authority {
  const agents: Record<string, AgentAuthority> = {};
  for (const canvas of [...canvases].sort((a, b) => (a.agent < b.agent ? -1 : 1))) {
    if (agents[canvas.agent] !== undefined)
      throw new AuthorityError("DUPLICATE_AGENT", `two canvases of ${canvas.agent}`);
    agents[canvas.agent] = {
      says: sorted([...shellRights, ...published(canvas), ...called(canvas), ...served(canvas)]),
      reads: read(canvas),
    };
  }
  return { agents, roles };
}

function published({ agent, publishes }: Canvas): Right[] {
  return publishes.flatMap(({ topic, types }) => {
    const spec = topicSpec(topic);
    if (spec === undefined)
      throw new AuthorityError("UNKNOWN_TOPIC", `${agent} publishes on ${topic}, which is no topic`);
    return types.map((type) => {
      if (!spec.types.some((one) => one.type === type))
        throw new AuthorityError("FOREIGN_TYPE", `${agent}: ${topic} has no ${type}`);
      return { type, topic };
    });
  });
}

function called({ agent, calls }: Canvas): Right[] {
  return calls.map((call) => ({ type: callOf(agent, call).request.type, topic: call }));
}

/** An answer that is a record of a topic is said on that topic: the canvas asks for it among what it publishes. */
function served({ agent, serves }: Canvas): Right[] {
  return serves.flatMap((call) =>
    callOf(agent, call)
      .answers.filter(({ type }) => !type.startsWith("permit.") && !type.startsWith("order."))
      .map(({ type }) => ({ type, topic: call })),
  );
}

function read({ agent, observes }: Canvas): AgentAuthority["reads"] {
  return observes.map(({ topic, as }) => {
    if (topicSpec(topic) === undefined)
      throw new AuthorityError("UNKNOWN_TOPIC", `${agent} reads ${topic}, which is no topic`);
    return { topic, as };
  });
}

function callOf(agent: string, call: string) {
  const spec = callSpec(call);
  if (spec === undefined) throw new AuthorityError("UNKNOWN_CALL", `${agent} asks for ${call}, which is no call`);
  return spec;
}

function sorted(rights: readonly Right[]): readonly Right[] {
  const byName = new Map(rights.map((right) => [`${right.topic} ${right.type}`, right]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, right]) => right);
}
