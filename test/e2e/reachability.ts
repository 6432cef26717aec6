/** Who may reach whom by TCP: the topology of the chart, in the words of addresses. No edge comes from anywhere else. */

export interface Topology {
  readonly agents: Readonly<
    Record<
      string,
      {
        readonly processes: readonly string[];
        readonly calls: readonly { readonly to: string }[];
        readonly serves: readonly string[];
      }
    >
  >;
  readonly exchange: { readonly callers: readonly string[] };
  readonly desk: { readonly calls: readonly { readonly to: string }[] };
}

export const PORTS = { grpc: 4000, health: 9090, venue: 4100 } as const;
export const ENGINES = { kafka: 9092, postgres: 5432, redis: 6379, etcd: 2379 } as const;
export const EXCHANGE = "paper-exchange";
export const DESK = "desk";

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

export function everybody({ agents }: Topology): readonly string[] {
  return [...Object.values(agents).flatMap(({ processes }) => processes), EXCHANGE, DESK];
}

/** Every port that may be listened on, of everybody whom `from` is not itself. */
export function asked(topology: Topology): readonly Edge[] {
  const names = everybody(topology);
  return names.flatMap((from) => [
    ...names.filter((to) => to !== from).flatMap((to) => Object.values(PORTS).map((port) => ({ from, to, port }))),
    ...Object.entries(ENGINES).map(([to, port]) => ({ from, to, port })),
  ]);
}

export function allowed(topology: Topology): readonly Edge[] {
  const processes = Object.entries(topology.agents).flatMap(([agent, facts]) =>
    facts.processes.map((name) => ({ name, agent, calls: facts.calls.map(({ to }) => to) })),
  );
  const of = (agent: string) => processes.filter((one) => one.agent === agent).map(({ name }) => name);
  const callers = [...processes, { name: DESK, agent: DESK, calls: topology.desk.calls.map(({ to }) => to) }];
  const calls = callers.flatMap(({ name, calls }) =>
    [...new Set(calls)].flatMap(of).map((to) => ({ from: name, to, port: PORTS.grpc })),
  );
  const venue = topology.exchange.callers.flatMap(of).map((from) => ({ from, to: EXCHANGE, port: PORTS.venue }));
  // Of all who are in the namespace the desk alone asks how somebody is.
  const health = [...processes.map(({ name }) => name), EXCHANGE].map((to) => ({ from: DESK, to, port: PORTS.health }));
  return [...calls.filter(({ from, to }) => from !== to), ...venue, ...health, ...engines(topology)];
}

/** Everybody is on the bus; agents have a store and views, the exchange its own record, a person no password; the quorum has the log. */
function engines({ agents }: Topology): readonly Edge[] {
  const edges = (from: string, names: readonly (keyof typeof ENGINES)[]) =>
    names.map((to) => ({ from, to, port: ENGINES[to] }));
  return [
    ...Object.entries(agents).flatMap(([agent, { processes }]) =>
      processes.flatMap((name) =>
        edges(name, ["kafka", "postgres", "redis", ...(agent === "validator" ? (["etcd"] as const) : [])]),
      ),
    ),
    ...edges(EXCHANGE, ["kafka"]),
    ...edges(DESK, ["kafka"]),
  ];
}

/** A line for each edge that is one way and ought to be the other. */
export function differences(topology: Topology, reached: readonly Edge[]): string[] {
  const [may, does] = [new Set(allowed(topology).map(edgeName)), new Set(reached.map(edgeName))];
  return asked(topology)
    .map(edgeName)
    .filter((edge) => may.has(edge) !== does.has(edge))
    .map((edge) =>
      may.has(edge) ? `${edge}: not reached, and it ought to be` : `${edge}: reached, and nothing asks for it`,
    );
}

function edgeName({ from, to, port }: Edge): string {
  return `${from} → ${to}:${port}`;
}
