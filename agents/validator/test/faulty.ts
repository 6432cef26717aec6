import { LocalRpc, RpcError } from "@countersign/runtime";

/** Some validators do not answer. */
export class Faulty extends LocalRpc {
  readonly down = new Set<string>();

  override async call(call: string, server: string, request: Uint8Array): Promise<Uint8Array> {
    if (this.down.has(server)) throw new RpcError("UNAVAILABLE", server);
    return super.call(call, server, request);
  }
}
