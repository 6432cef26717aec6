/** `countersign found`: a cluster for Kubernetes, as files; and in the cluster, the delivery of what the founder has signed. */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { deliverFounding, foundForKubernetes, InputError, isPerson } from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";
import { defaults } from "../demo/defaults.ts";
import { exitCodes } from "../failure.ts";
import { Screen } from "../terminal/screen.ts";
import { chooseCluster, type MarketFlags } from "../up/choice.ts";

export type FoundFlags = MarketFlags & {
  readonly dir: string;
  readonly deliver?: boolean;
  readonly namespace: string;
  readonly mode: "paper" | "shadow";
  readonly person?: string;
  readonly cofounder?: readonly string[];
  readonly postgres?: string;
  readonly redis?: string;
  readonly desk?: boolean;
};

/** @throws InputError, RpcError where too few validators answer */
export async function found(flags: FoundFlags, caller: Caller): Promise<number> {
  const dir = fromCaller(flags.dir, caller);
  const screen = new Screen(process.stdout);
  if (flags.deliver === true) {
    await deliverFounding(dir, (text) => screen.line(text));
    return exitCodes.ok;
  }
  const { namespace, mode, person = defaults.person, cofounder: cofounders, postgres, redis, desk = false } = flags;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace))
    throw new InputError("BAD_OPTION", `--namespace ${namespace}: no name of a namespace: 1 to 63 of a-z, 0-9 and -`);
  for (const name of [person, ...(cofounders ?? [])])
    if (!isPerson(name)) throw new InputError("BAD_OPTION", `${name}: no person: write one such as person:ann`);
  if (redis !== undefined && postgres === undefined)
    throw new InputError("BAD_OPTION", "--redis: name the database too, with --postgres");
  const { choice, headline } = await chooseCluster(flags, caller);
  const engines = postgres === undefined ? undefined : { postgres, ...(redis !== undefined && { redis }) };
  const founded = foundForKubernetes(dir, {
    ...choice,
    mode,
    person,
    ...(cofounders && { cofounders }),
    namespace,
    desk,
    ...(engines && { engines }),
  });
  const here = (path: string) => relative(caller.cwd, path) || path;
  screen.line(`${founded.platform} · ${mode.toUpperCase()} · ${headline}`);
  screen.line(`  ${here(founded.values)}   what everybody may know`);
  screen.line(
    `  ${here(founded.secrets)}  ${founded.names.length} Secrets: apply it, then remove it, or keep it as you keep keys`,
  );
  screen.line(
    `  ${here(founded.keys)}          the founders' own keys${desk ? "; also in the Secret desk" : ", and nowhere else"}`,
  );
  screen.line("next:");
  if (namespace !== "default") screen.line(`  kubectl create namespace ${namespace}`);
  screen.line(`  kubectl apply -f ${here(founded.secrets)}`);
  const chart = existsSync("charts/countersign") ? "charts/countersign" : "CHART";
  screen.line(`  helm install countersign ${chart} --namespace ${namespace} -f ${here(founded.values)}`);
  return exitCodes.ok;
}
