/** What every story has: the cluster it happens in, what is heard of its bus, and where it says what it found. */
import type { Tape } from "./bus/tape.ts";
import type { Kube } from "./kube.ts";
import type { Options } from "./options.ts";
import type { Topology } from "./reachability.ts";
import type { Report } from "./report.ts";

export interface World {
  readonly options: Options;
  readonly kube: Kube;
  readonly report: Report;
  readonly topology: Topology;
  /** Of the founded cluster: what is installed, and the founder's keys. */
  readonly folder: string;
  readonly tape: Tape;
  /** Whether the cluster makes volumes by itself: it has a default StorageClass. */
  readonly hasVolumes: boolean;
}
