import { describe, expect, it } from "vitest";
import * as bus from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(bus).sort()).toEqual(["BusError", "LocalBus", "murmur2", "partitionOf"]);
  });
});
