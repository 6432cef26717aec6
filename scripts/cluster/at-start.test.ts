import { expect, it } from "vitest";
import { askAtStart } from "./at-start.ts";

const away = new Error("nobody answers");
const isAway = (error: unknown) => error === away;

/** Fails so often, and answers then. */
function failing(times: number, error: Error) {
  const question = () => (++question.asked <= times ? Promise.reject(error) : Promise.resolve("here"));
  question.asked = 0;
  return question;
}

it("asks again while nobody answers", async () => {
  const question = failing(2, away);
  await expect(askAtStart(question, { isAway })).resolves.toBe("here");
  expect(question.asked).toBe(3);
});

it("throws at once what no waiting mends", async () => {
  const question = failing(1, new Error("not allowed"));
  await expect(askAtStart(question, { isAway })).rejects.toThrow("not allowed");
  expect(question.asked).toBe(1);
});

it("gives up in the end", async () => {
  const question = failing(Number.POSITIVE_INFINITY, away);
  await expect(askAtStart(question, { isAway, patienceMs: 600 })).rejects.toBe(away);
  expect(question.asked).toBeGreaterThan(1);
});
