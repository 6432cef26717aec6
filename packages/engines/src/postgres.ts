import { type EmbeddedServer, startEmbedded } from "@countersign/postgres";

/** The server that COUNTERSIGN_POSTGRES names (postgres://…), or the embedded one with its data in `dir`. */
export async function postgres({ dir }: { readonly dir: string }): Promise<AsyncDisposable & { readonly url: string }> {
  const given = process.env.COUNTERSIGN_POSTGRES;
  if (given !== undefined) return { url: given, [Symbol.asyncDispose]: async () => {} };
  const server: EmbeddedServer = await startEmbedded({ dir });
  return server;
}
