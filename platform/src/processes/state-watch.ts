/** The numbers that only an agent's committed state knows, read each second and kept for the scrapes. Nothing is decided upon them. */
import type { Store } from "@countersign/runtime";
import type { Sources } from "@countersign/telemetry";
import type { Watched } from "../agents.ts";
import { isAway } from "./away.ts";
import type { Process } from "./process.ts";

const EVERY_MS = 1_000;

export function watchState(
  { loop, observed }: Pick<Process, "loop" | "observed">,
  store: Store,
  watched: Watched,
): void {
  const { key, tell } = watched;
  let loaded: Awaited<ReturnType<Store["load"]>> | undefined;
  // A state that nobody has changed is not read again.
  const read = async () => {
    loaded = await store.load(key, loaded).catch((error: unknown) => {
      if (!isAway(error)) throw error;
      return undefined;
    });
    loop.at(loop.nowMs() + EVERY_MS, () => loop.spawn(read));
  };
  loop.spawn(read);
  // A scrape asks for a dozen figures of one moment.
  let told: { readonly of: unknown; readonly atMs: number; readonly figures: Partial<Figures> } | undefined;
  const figures = (): Partial<Figures> => {
    const state = loaded?.state;
    const nowMs = loop.nowMs();
    if (state === undefined) return {};
    if (told === undefined || told.of !== state || nowMs - told.atMs > KEPT_MS)
      told = { of: state, atMs: nowMs, figures: tell(state, nowMs) };
    return told.figures;
  };
  observed.metrics.watch({
    account: () => figures().account,
    judge: () => figures().judge,
    audit: () => figures().audit,
  });
}

type Figures = { readonly [Name in "account" | "judge" | "audit"]: ReturnType<NonNullable<Sources[Name]>> };
const KEPT_MS = 50;
