/** A server and a client, as two processes would have them, over a real socket. */
import { GrpcRpc, type GrpcRpcOptions } from "../src/index.ts";

export const VALIDATE = "PolicyService.Validate";
export const VOTE = "QuorumService.Vote";
const SERVERS = ["policy", "validator-1", "validator-2"];

export interface Pair {
  readonly server: GrpcRpc;
  readonly client: GrpcRpc;
  readonly address: string;
  /** What the server's handlers threw. */
  readonly errors: unknown[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openPair(options: Partial<GrpcRpcOptions> = {}): Promise<Pair> {
  const errors: unknown[] = [];
  const { listen = "127.0.0.1:0", ...common } = options;
  const server = new GrpcRpc({ servers: {}, onError: (error) => errors.push(error), ...common, listen });
  const address = await server.listen();
  const servers = Object.fromEntries(SERVERS.map((name) => [name, [address]]));
  const client = new GrpcRpc({ ...common, servers });
  const dispose = async () => {
    await client.close(0);
    await server.close(0);
  };
  return { server, client, address, errors, [Symbol.asyncDispose]: dispose };
}

/** What a call ended with: `answered`, or the code and the text of its RpcError. */
export async function outcomeOf(call: Promise<Uint8Array>): Promise<string> {
  return call.then(
    () => "answered",
    (error) => `${error.code}: ${error.message}`,
  );
}
