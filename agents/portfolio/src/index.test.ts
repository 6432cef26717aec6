import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DepositSchema,
  EntryPostedSchema,
  HedgeQuoteSchema,
  KeyPurpose,
  KeyState,
  Log,
  Mode,
  OrderCommandSchema,
  OrderIntentSchema,
  PermitIssuedSchema,
  ProposeRequestSchema,
  SignalSchema,
  SignedSchema,
  ValidateRequestSchema,
} from "@countersign/contracts";
import { attach, makeGrant, openEnvelope } from "@countersign/envelope";
import { bar, DAY_MS, quote } from "@countersign/proposer/testing";
import { buildEntry, emptyHead, opIdOf, signVote } from "@countersign/quorum";
import type { MarketMessage } from "@countersign/runtime";
import { Rig } from "@countersign/runtime/testing";
import { expect, it } from "vitest";
import { config } from "./core/testing.ts";
import * as portfolio from "./index.ts";

it("the public names", () => {
  expect(Object.keys(portfolio).sort()).toEqual(["canvas", "makePortfolio"]);
});

it("the README is opened by the canvas", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const { mission, observes, publishes, calls, slos } = portfolio.canvas;
  const topics = observes.map(({ topic }) => topic);
  const types = publishes.flatMap(({ types }) => types);
  const targets = slos.map(({ target }) => target);
  for (const words of [mission, ...topics, ...types, ...calls, ...targets]) expect(readme).toContain(words);
});
