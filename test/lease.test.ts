import { FenceReader } from "@countersign/quorum";
import { expect, it } from "vitest";
import {
  controlEntry,
  expectedGenesis,
  genesisEntry,
  resumeContent,
  votesFor,
} from "../packages/quorum/test/platform.ts";
import { underLease } from "../platform/src/processes/lease.ts";

it("a fence says that the quorum is silent once its lease is over, and not when it is heard again", () => {
  const fence = new FenceReader({ genesisDigest: expectedGenesis });
  let nowMs = 10_000;
  const leased = underLease(fence, () => nowMs);
  expect(leased.state().silent).toBe(true);
  fence.apply(genesisEntry.bytes, votesFor(genesisEntry));
  fence.confirm(fence.head, nowMs);
  expect(leased.state()).toEqual(fence.state());
  nowMs += 3_001;
  expect(leased.state()).toEqual({ ...fence.state(), silent: true });
  const opening = controlEntry(genesisEntry, resumeContent(["birth"], 0n));
  fence.apply(opening.bytes, votesFor(opening));
  // An entry that came by the topic is believed, and says nothing of what came after it.
  expect(leased.state()).toMatchObject({ epoch: 1n, silent: true });
  fence.confirm(fence.head, nowMs);
  expect(leased.state().silent).toBeUndefined();
});
