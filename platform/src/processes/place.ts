/**
 * Where a process runs, as its environment says. On a laptop nothing has to be said: it listens on its addresses in `cluster.json`, and
 * writes into the cluster's folder. In a pod those addresses name Services, and the folder is read-only.
 *
 *   COUNTERSIGN_BIND        the address on which it listens, such as 0.0.0.0, on the ports of its addresses in `cluster.json`
 *   COUNTERSIGN_GRPC_BIND   the same for gRPC alone: 127.0.0.1 behind a mesh's proxy, which then has the TLS
 *   COUNTERSIGN_DATA        the folder into which it writes
 *   COUNTERSIGN_DRAIN_MS    how long it answers on after it was told to end, so that nobody is led to it any more: 0 unless given
 */
import { isIP } from "node:net";
import { hostname } from "node:os";
import { InputError } from "../inputs.ts";

export interface Place {
  readonly dataDir: string;
  /** Names this process among all that are of its name. */
  readonly instance: string;
  /** Whether others may come and go under its name: clients have to look again. */
  readonly isShared: boolean;
  readonly drainMs: number;
  /** Where it listens so that it is found at this host:port. */
  listenAt(address: string): string;
  grpcAt(address: string): string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws InputError for a setting that is none */
export function placeOf(dir: string, processName: string, environment: Environment): Place {
  const bind = bindOf(BIND, environment);
  const grpcBind = bindOf(GRPC_BIND, environment) ?? bind;
  return {
    dataDir: environment[DATA] || dir,
    // A pod's host name is the pod's own.
    instance: bind === undefined ? processName : hostname(),
    isShared: bind !== undefined,
    drainMs: drainOf(environment),
    listenAt: (address) => onHost(address, bind),
    grpcAt: (address) => onHost(address, grpcBind),
  };
}

const BIND = "COUNTERSIGN_BIND";
const GRPC_BIND = "COUNTERSIGN_GRPC_BIND";
const DATA = "COUNTERSIGN_DATA";
const DRAIN = "COUNTERSIGN_DRAIN_MS";
/** With what follows it a process ends well before the 30 s that Kubernetes gives it. */
const DRAIN_MAX_MS = 15_000;

function bindOf(variable: string, environment: Environment): string | undefined {
  const given = environment[variable];
  if (given === undefined || given === "") return undefined;
  if (isIP(given) !== 0) return given;
  throw new InputError("BAD_OPTION", `${variable}: ${given} is no address to listen on: give one such as 0.0.0.0`);
}

function drainOf(environment: Environment): number {
  const given = environment[DRAIN];
  if (given === undefined || given === "") return 0;
  const ms = Number(given);
  if (Number.isSafeInteger(ms) && ms >= 0 && ms <= DRAIN_MAX_MS) return ms;
  throw new InputError("BAD_OPTION", `${DRAIN}: ${given} is no time: give milliseconds from 0 to ${DRAIN_MAX_MS}`);
}

function onHost(address: string, host: string | undefined): string {
  if (host === undefined) return address;
  const port = address.slice(address.lastIndexOf(":") + 1);
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
