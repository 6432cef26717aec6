/** Which cluster a command speaks of. */
import { cloneFile, type KafkaAddress, kafkaOf, readSpec } from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";

export interface PlaceFlags {
  readonly dir?: string;
  /** host:port,host:port,… */
  readonly kafka?: string;
}

const DIR = ".countersign/cluster";

export function clusterDir({ dir }: PlaceFlags, caller: Caller): string {
  return dir === undefined ? cloneFile(DIR) : fromCaller(dir, caller);
}

/** Those that are named; else those of the folder. @throws InputError where there is no cluster */
export function brokersOf(flags: PlaceFlags, caller: Caller): KafkaAddress {
  if (flags.kafka !== undefined) return { brokers: flags.kafka.split(",") };
  const dir = clusterDir(flags, caller);
  return kafkaOf(dir, readSpec(dir));
}
