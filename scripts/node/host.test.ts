import { describe, expect, it } from "vitest";
import { differences, picture } from "./host.ts";

const before = { sysctls: { "kernel/panic": "0", "vm/swappiness": "60" }, mounts: [], cgroups: [] };

describe("the host, before and after a node", () => {
  it("a host that is as it was has no differences", () => {
    expect(differences(before, structuredClone(before))).toEqual([]);
  });

  it("a setting, a mount and a cgroup that a node left behind are named", () => {
    const after = {
      sysctls: { "kernel/panic": "10" },
      mounts: ["overlay /cache/node/x overlay rw 0 0"],
      cgroups: ["memory/countersign-node"],
    };
    expect(differences(before, after)).toEqual([
      "sysctl kernel/panic: was 0, is 10",
      "sysctl vm/swappiness: was 60, is gone",
      "mounts: overlay /cache/node/x overlay rw 0 0 is new",
      "cgroups: memory/countersign-node is new",
    ]);
  });

  it.runIf(process.platform === "linux")(
    "the settings that a kubelet would change are among those that are looked at",
    () => {
      const looked = Object.keys(picture("/nowhere").sysctls);
      expect(looked).toEqual(expect.arrayContaining(["kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory"]));
    },
  );
});
