import { expect, it } from "vitest";
import { engineTestFiles, planEngineTests } from "./engines.ts";

const files = ["a/x.kafka.test.ts", "a/y.redis.test.ts", "b/z.kafka.redis.test.ts"];
const noKafka = async (engine: string) => (engine === "kafka" ? new Error("no Java: install it") : undefined);

it("with all engines, all files run", async () => {
  expect(await planEngineTests(files, "kafka,postgres,redis", async () => undefined)).toEqual({
    files,
    notRun: [],
    failures: [],
  });
});

it("without an engine, its files are named as not run, with the reason", async () => {
  expect(await planEngineTests(files, "redis", noKafka)).toEqual({
    files: ["a/y.redis.test.ts"],
    notRun: [
      "not run: a/x.kafka.test.ts (no kafka: no Java: install it)",
      "not run: b/z.kafka.redis.test.ts (no kafka: no Java: install it)",
    ],
    failures: [],
  });
});

it("without an engine that is demanded, they are failures", async () => {
  const { notRun, failures } = await planEngineTests(files, "kafka,redis", noKafka);
  expect([notRun, failures.length]).toEqual([[], 2]);
});

it("an engine that nobody knows is a failure, not a wish", async () => {
  const { failures } = await planEngineTests([], "kafak", async () => undefined);
  expect(failures).toEqual(["REQUIRE_ENGINES names kafak: the engines are etcd, k8s, kafka, postgres, redis"]);
});

it("what is demanded is got where it is missing, and nothing else", async () => {
  const demanded: string[] = [];
  await planEngineTests(files, "k8s,redis", async (engine, isDemanded) => {
    if (isDemanded) demanded.push(engine);
    return undefined;
  });
  expect(demanded).toEqual(["k8s", "redis"]);
});

it("finds the files of this repository", () => {
  expect(engineTestFiles()).toContain("packages/bus/src/kafka/conformance.kafka.test.ts");
  expect(engineTestFiles()).toContain("scripts/k8s/apiserver.k8s.test.ts");
});
