/** Snapshots of etcd, taken and restored by its own program. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { etcdctlProgram } from "@countersign/engines";

export interface RestoredMember {
  readonly name: string;
  /** That is not there yet. */
  readonly dataDir: string;
  /** URL for the other members. */
  readonly peer: string;
  /** `name=peer URL` of every member. */
  readonly cluster: readonly string[];
}

/** @param endpoint host:port of a member that serves */
export async function saveSnapshot(endpoint: string, file: string): Promise<void> {
  await execute(await etcdctlProgram(), ["--endpoints", endpoint, "snapshot", "save", file]);
}

/** The data of a member of a new cluster, each of which begins with the same. */
export async function restoreSnapshot(file: string, { name, dataDir, peer, cluster }: RestoredMember): Promise<void> {
  const facts = {
    name,
    "data-dir": dataDir,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": cluster.join(","),
  };
  const options = Object.entries(facts).map(([option, value]) => `--${option}=${value}`);
  await execute(await etcdctlProgram(), ["snapshot", "restore", file, ...options]);
}

const execute = promisify(execFile);
