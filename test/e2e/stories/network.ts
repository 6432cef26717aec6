/** Every process tries every port of every other one, from inside its own pod: what gets through is the topology, no more and no less. */
import { componentOf, isReady, type Pod } from "../kube.ts";
import { asked, differences, type Edge, ENGINES, EXCHANGE, everybody, PORTS } from "../reachability.ts";
import type { World } from "../world.ts";

/** A policy may drop or refuse: both are no. */
const NO_ANSWER_MS = 2_500;

export async function network(world: World): Promise<void> {
  const { options, report, topology } = world;
  const title = "the network lets through exactly what the topology asks for";
  if (!options.networkPolicy) return report.notRun(title, "--no-network-policy: this cluster enforces none");
  const pods = new Map((await world.kube.pods()).filter(isReady).map((pod) => [componentOf(pod), pod]));
  // A door that nobody has opened is shut for everybody, and says nothing about a policy.
  await report.step("whoever serves listens", async () => {
    const shut = (await tryAll(world, pods, listens(world))).shut.map(({ to, port }) => `${to}:${port}`);
    if (shut.length > 0) throw new Error(`nobody listens on ${shut.join(", ")}`);
  });
  const edges = asked(topology);
  const { open } = await report.step(
    title,
    async () => {
      const found = await tryAll(world, pods, edges);
      const wrong = differences(topology, found.open);
      if (wrong.length > 0) throw new Error(`${wrong.length} of ${edges.length} edges:\n  ${wrong.join("\n  ")}`);
      return found;
    },
    ({ open }) => `${open.length} of ${edges.length} edges are open`,
  );
  report.figure("network policies", `${edges.length} edges tried, ${open.length} open, each as the topology says`);
}

/** A pod always reaches itself. */
function listens({ topology }: World): readonly Edge[] {
  const own = (name: string, port: number) => ({ from: name, to: name, port });
  const agents = Object.values(topology.agents).flatMap(({ processes, serves }) =>
    processes.flatMap((name) => [own(name, PORTS.health), ...(serves.length > 0 ? [own(name, PORTS.grpc)] : [])]),
  );
  return [...agents, own(EXCHANGE, PORTS.health), own(EXCHANGE, PORTS.venue)];
}

async function tryAll(world: World, pods: ReadonlyMap<string, Pod>, edges: readonly Edge[]) {
  const missing = [...everybody(world.topology), ...Object.keys(ENGINES)].filter((name) => !pods.has(name));
  if (missing.length > 0) throw new Error(`not ready: ${missing.join(", ")}`);
  const open: Edge[] = [];
  for (const from of new Set(edges.map((edge) => edge.from))) {
    const own = edges.filter((edge) => edge.from === from);
    const targets = own.map(({ to, port }) => ({ host: pods.get(to)?.status.podIP ?? "", port }));
    const answers = await connections(world, pods.get(from)!.metadata.name, targets);
    open.push(...own.filter((_, n) => answers[n] === true));
  }
  const isOpen = new Set(open);
  return { open, shut: edges.filter((edge) => !isOpen.has(edge)) };
}

async function connections(
  { kube }: World,
  pod: string,
  targets: readonly { readonly host: string; readonly port: number }[],
): Promise<readonly boolean[]> {
  const program = `
    const { connect } = require("node:net");
    const one = (target) => new Promise((resolve) => {
      const socket = connect(target);
      const end = (answer) => { socket.destroy(); resolve(answer); };
      socket.setTimeout(${NO_ANSWER_MS}, () => end(false)).once("connect", () => end(true)).once("error", () => end(false));
    });
    Promise.all(${JSON.stringify(targets)}.map(one)).then((answers) => console.log(JSON.stringify(answers)));`;
  const { code, out, error } = await kube.exec(pod, ["node", "-e", program]);
  if (code !== 0) throw new Error(`${pod}: ${error.trim()}`);
  return JSON.parse(out) as readonly boolean[];
}
