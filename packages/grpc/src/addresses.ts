/** Addresses as people write them, and the targets gRPC makes connections from. */
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { GrpcError } from "./error.ts";

export interface Address {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, an IPv6 address in brackets. @throws GrpcError BAD_ADDRESS */
export function parseAddress(text: string): Address {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\],/]+)):(\d{1,5})$/i.exec(text);
  const port = Number(parts?.[3]);
  const host = parts?.[1] ?? parts?.[2];
  const isSound = host !== undefined && port <= 65_535 && (parts?.[1] === undefined || isIPv6(host));
  if (!isSound) throw badAddress(`"${text}" is no address: write host:port, such as 127.0.0.1:4001 or [::1]:4001`);
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Only numbers count: what the name `localhost` means is for a file to say. */
export function isLoopback({ host }: Address): boolean {
  return isIPv4(host) ? loopback.check(host, "ipv4") : isIPv6(host) && loopback.check(host, "ipv6");
}

/**
 * One target for all addresses of a server, over which gRPC's `round_robin` balances. One name may stand for many addresses; a list
 * has to be of numbers, because gRPC resolves one name per target. @throws GrpcError BAD_ADDRESS
 */
export function targetOf(server: string, texts: readonly string[]): string {
  const addresses = texts.map(parseAddress);
  if (addresses.some(({ port }) => port === 0)) throw badAddress(`${server}: port 0 cannot be called`);
  const [first, ...others] = addresses;
  if (first === undefined) throw badAddress(`${server} has no address: name at least one host:port`);
  const list = addresses.map(formatAddress).join(",");
  if (others.length === 0) return `dns:${list}`;
  if (addresses.every(({ host }) => isIPv4(host))) return `ipv4:${list}`;
  if (addresses.every(({ host }) => isIPv6(host))) return `ipv6:${list}`;
  throw badAddress(`${server}: several addresses must all be IPv4 or all IPv6 (${list}); or give one DNS name for all`);
}

function badAddress(message: string): GrpcError {
  return new GrpcError("BAD_ADDRESS", message);
}
