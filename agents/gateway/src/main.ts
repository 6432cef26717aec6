/** The Gateway is a server: today three pages for whoever watches, and no way in. */
import { answer, type Sources } from "./core/answer.ts";
import { GatewayError } from "./core/error.ts";
import { startServer } from "./edge/server.ts";

export interface GatewayOptions extends Sources {
  /** 0: any free one. */
  readonly port: number;
  /** Pages have no access control: they are for this machine, and for a probe or scraper beside the process. */
  readonly host: "127.0.0.1" | "::1";
}

export interface Gateway {
  /** Where it listens. */
  readonly port: number;
  /** Resolves when every connection is closed, a second at most. */
  close(): Promise<void>;
}

/** Listens when it resolves. Throws GatewayError. */
export async function startGateway({ port, host, agents, metrics }: GatewayOptions): Promise<Gateway> {
  if (host !== "127.0.0.1" && host !== "::1")
    throw new GatewayError("NOT_LOOPBACK", `${host} is not this machine alone`);
  return startServer({ port, host }, (request) => answer(request, { agents, metrics }));
}
