/**
 * `node scripts/ci/oidc-token.ts AUDIENCE FILE`: who this workflow is, signed by GitHub for ten minutes, into a file for its owner alone. There
 * is such a token only in a job with `id-token: write`.
 */
import { writeFileSync } from "node:fs";
import { main } from "./program.ts";

const [audience, file] = process.argv.slice(2);
const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = process.env;
await main(async () => {
  if (audience === undefined || file === undefined) throw new Error("oidc-token: say for whom, and into which file");
  if (!url || !token) throw new Error("oidc-token: not run: this is no job of a workflow with id-token: write");
  const response = await fetch(`${url}&audience=${encodeURIComponent(audience)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(30_000),
  });
  const { value } = (await response.json()) as { readonly value?: string };
  if (!response.ok || value === undefined) throw new Error(`oidc-token: ${response.status}`);
  writeFileSync(file, value, { mode: 0o600 });
});
