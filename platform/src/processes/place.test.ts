import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { placeOf } from "./place.ts";

describe("the place of a process", () => {
  it("is its addresses and its folder where nothing is said", () => {
    const place = placeOf("/cluster", "policy.2", {});
    expect(place).toMatchObject({ dataDir: "/cluster", instance: "policy.2", isShared: false, drainMs: 0 });
    expect([place.listenAt("127.0.0.1:4001"), place.grpcAt("127.0.0.1:4001")]).toEqual([
      "127.0.0.1:4001",
      "127.0.0.1:4001",
    ]);
  });

  it("is the pod's in a pod: every interface, on the ports of the Service, and a name of its own", () => {
    const pod = { COUNTERSIGN_BIND: "0.0.0.0", COUNTERSIGN_DATA: "/data", COUNTERSIGN_DRAIN_MS: "5000" };
    const place = placeOf("/cluster", "policy", pod);
    expect(place).toMatchObject({ dataDir: "/data", instance: hostname(), isShared: true, drainMs: 5_000 });
    expect([place.listenAt("policy:9090"), place.grpcAt("policy:4000")]).toEqual(["0.0.0.0:9090", "0.0.0.0:4000"]);
    expect(placeOf("/", "policy", { COUNTERSIGN_BIND: "::" }).listenAt("policy:9090")).toBe("[::]:9090");
  });

  it("has gRPC on the loopback address alone behind a mesh's proxy", () => {
    const place = placeOf("/", "policy", { COUNTERSIGN_BIND: "0.0.0.0", COUNTERSIGN_GRPC_BIND: "127.0.0.1" });
    expect([place.listenAt("policy:9090"), place.grpcAt("policy:4000")]).toEqual(["0.0.0.0:9090", "127.0.0.1:4000"]);
  });

  it.each([
    [{ COUNTERSIGN_BIND: "policy" }, /^COUNTERSIGN_BIND: policy is no address to listen on/],
    [{ COUNTERSIGN_GRPC_BIND: "lo" }, /^COUNTERSIGN_GRPC_BIND: lo is/],
    [{ COUNTERSIGN_DRAIN_MS: "5s" }, /^COUNTERSIGN_DRAIN_MS: 5s is no time: give milliseconds from 0 to 15000/],
    [{ COUNTERSIGN_DRAIN_MS: "60000" }, /^COUNTERSIGN_DRAIN_MS: 60000/],
  ])("is refused in one line that names the variable: %j", (environment, why) => {
    expect(() => placeOf("/", "policy", environment)).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", message: expect.stringMatching(why) }),
    );
  });
});
