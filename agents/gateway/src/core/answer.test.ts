import { describe, expect, it } from "vitest";
import { answer, type Sources } from "./answer.ts";

const sources: Sources = { agents: () => [{ name: "policy", ready: true }], metrics: () => "x 1\n" };
const get = (target: string, change: Partial<Sources> = {}, method = "GET") =>
  answer({ method, target }, { ...sources, ...change });
const fail = () => {
  throw new Error("the store is gone");
};

describe("answer", () => {
  it("says that the process lives, whatever its agents do", () => {
    expect(get("/healthz", { agents: fail, metrics: fail })).toMatchObject({ status: 200, body: "alive\n" });
  });

  it("says ready only when every agent is, and lists them", () => {
    const agents = [
      { name: "policy", ready: true },
      { name: "execution", ready: true },
    ];
    const ready = get("/readyz", { agents: () => agents });
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body)).toEqual({ ready: true, agents });
    const waiting = [...agents, { name: "operator", ready: false }];
    const unready = get("/readyz", { agents: () => waiting });
    expect(unready.status).toBe(503);
    expect(JSON.parse(unready.body)).toEqual({ ready: false, agents: waiting });
  });

  it("is not ready when there is nobody to be", () => {
    expect(get("/readyz", { agents: () => [] }).status).toBe(503);
  });

  it("shows the metrics under the format's content type", () => {
    expect(get("/metrics")).toEqual({
      status: 200,
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      body: "x 1\n",
    });
  });

  it("leaves the query alone, as probes add one", () => {
    expect(get("/healthz?verbose").status).toBe(200);
  });

  it.each(["/", "/healthz/", "/METRICS", "//metrics", "/../metrics", "*", ""])("has no page at %j", (target) => {
    expect(get(target).status).toBe(404);
  });

  it.each(["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])("refuses %s, and says what it takes", (method) => {
    expect(get("/metrics", {}, method)).toMatchObject({ status: 405, headers: { allow: "GET" } });
  });

  it("makes a failing source a page's 500, and stops nothing", () => {
    expect(get("/metrics", { metrics: fail })).toMatchObject({ status: 500, body: "the store is gone\n" });
    expect(get("/readyz", { agents: fail }).status).toBe(500);
  });
});
