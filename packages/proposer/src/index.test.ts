import * as proposer from "@countersign/proposer";
import { expect, it } from "vitest";

it("the public names", () => {
  expect(Object.keys(proposer).sort()).toEqual([
    "Quotes",
    "advance",
    "bandAround",
    "decisionMade",
    "emptyAccount",
    "featuresOf",
    "foldAccount",
    "haltOver",
    "intentKeyOf",
    "isUnderWay",
    "midOf",
    "propose",
    "readBar",
    "roundTripCost",
    "tradeTo",
    "wholeLots",
    "worthNow",
    "writeIntent",
  ]);
});
