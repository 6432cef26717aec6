import type { Checkpoint } from "@countersign/contracts";
import type { Agent, Edge, Input, MarketMessage, Store } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import { type ComplianceConfig, DAILY } from "./config.ts";
import { decide } from "./core/decide.ts";
import type { ComplianceFigures } from "./core/figures.ts";
import { AGGREGATE, COSIGN, type ComplianceState, initialState } from "./core/state.ts";
import { type MarketView, marketView, rememberQuote, type SeenQuote } from "./core/view.ts";
import type { WatchedFigures } from "./core/watched.ts";
import { signed, signNotes } from "./edge/checkpoint.ts";
import { Cosigners, type CosignersOptions } from "./edge/cosigners.ts";
import { readFigures, watchFigures } from "./edge/read-figures.ts";

export interface Compliance {
  /** For a host with `fold: "step"`: one transaction a step, the tick last. */
  readonly agent: Agent<ComplianceState, MarketView>;
  readonly edge: Edge;
  /** Of the account, from the agent's own store, valued at the last quotes. */
  figures(store: Pick<Store, "load" | "read">): Promise<ComplianceFigures>;
  /** Of its one aggregate, in that store. */
  readonly key: string;
  /** The same figures for a dashboard, of the aggregate's state. */
  watched(state: unknown): WatchedFigures;
  /** Has the checkpoints of this life cosigned: to be asked to `gather` from time to time. */
  cosigners(options: CosignersOptions): Cosigners;
}

export function makeCompliance(config: ComplianceConfig): Compliance {
  const { signer } = config;
  const last = new Map<string, SeenQuote>();
  let lastMs: number | undefined;
  let latest: Checkpoint | undefined;
  const onMarket = (message: MarketMessage) => {
    if (message.type !== "market.quote") return [];
    rememberQuote(last, message);
    lastMs = Number(message.value.eventTimeMs ?? lastMs);
    return [];
  };
  const now = () => (lastMs === undefined ? undefined : { timeMs: lastMs, quotes: Object.fromEntries(last) });
  return {
    agent: {
      canvas,
      keyOf: ({ kind }: Input) => (kind === "message" || kind === "tick" || kind === "market" ? AGGREGATE : undefined),
      initial: () => initialState,
      decide: (state, input, context) => decide(config, state, input, context),
      view: marketView(config.period ?? DAILY),
    },
    edge: {
      onMarket,
      finish: signNotes(signer),
      act(name, data) {
        if (name === COSIGN) latest = signed(data as Checkpoint, signer);
        return [];
      },
    },
    figures: (store) => readFigures(store, config, now()),
    key: AGGREGATE,
    watched: (state) => watchFigures(state, config, now()),
    cosigners: (options) => new Cosigners(options, () => latest && { checkpoint: latest, keyid: signer.keyid }),
  };
}
