/** The thief at every door of a whole cluster: no order comes of it. */
import { expect, it } from "vitest";
import { trial } from "./trial.ts";

const ownsEngines = ["ETCD", "KAFKA"].every((name) => process.env[`COUNTERSIGN_${name}`] === undefined);

it.runIf(ownsEngines)(
  "every attempt is refused by its code, at its place",
  async () => {
    expect(await trial(() => {})).toEqual([]);
  },
  600_000,
);
