import { BusError } from "@countersign/bus";
import { expect, it } from "vitest";
import { havingTopics } from "./bus.ts";

const unknown = () => new BusError("fatal", "UNKNOWN_TOPIC", "topic control.halt.v1 does not exist");

it("who starts before the topics are made waits for them, and says so once", async () => {
  const said: string[] = [];
  let tries = 0;
  const act = async () => {
    if (++tries < 3) throw unknown();
    return "there";
  };
  expect(await havingTopics(act, (text) => said.push(text))).toBe("there");
  expect(said).toEqual(["waiting: topic control.halt.v1 does not exist"]);
});

it("whatever else a broker refuses is thrown at once", async () => {
  const refused = new BusError("fatal", "REFUSED", "not allowed");
  await expect(
    havingTopics(
      () => Promise.reject(refused),
      () => {},
    ),
  ).rejects.toBe(refused);
});
