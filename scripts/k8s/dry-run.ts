/**
 * What a real kube-apiserver says to our manifests (`node scripts/k8s/dry-run.ts`):
 *
 * 1. Every object of every render is applied as a dry run with strict validation and accepted without a warning, and so is the pod of
 *    every workload: in a namespace that enforces the restricted pod security standard and the chart's own admission policies.
 * 2. Every fixture of policy/fixtures/must-fail is refused by a rule that it names, and every one of must-pass is accepted.
 * 3. Those of must-fail that an operator may bring are accepted from it.
 *
 * Only what admission itself looks up is created: namespaces, service accounts, priorities, the policies.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { admissionRules } from "./admission.ts";
import { type ApiServer, startApiServer } from "./apiserver.ts";
import { type ApiAnswer, isAccepted, messageOf } from "./client.ts";
import { constraintDefinitions } from "./constraints.ts";
import { acceptedFrom, mustFail, mustPass, refusedBy } from "./fixtures.ts";
import { describe, type KubeObject, kindOf, type Manifest, podOf } from "./manifests.ts";
import { allRenders, NAMESPACE, type Render, type Renders } from "./renders.ts";
import type { Found } from "./steps.ts";

/** Here the chart's rules hold and the pod security standard does not: what is refused, is refused by them. */
const FIXTURES = "fixtures";

/** @throws Error where there is no server */
export async function dryRun({ renders, problems: unbuilt }: Renders): Promise<Found> {
  const start = performance.now();
  const [fixtures, passing] = [mustFail(), mustPass()];
  const manifests = [...fixtures, ...passing, ...renders.flatMap((render) => render.manifests)];
  const everything = manifests.map(({ object }) => object);
  const kinds = new Set(everything.map(kindOf));
  await using server = await startApiServer({ kinds, definitions: constraintDefinitions(everything) });
  const startSeconds = ((performance.now() - start) / 1000).toFixed(1);
  await prepare(server, renders);
  await areInForce(server, fixtures);
  const problems = [...unbuilt];
  let [objects, pods] = [0, 0];
  for (const { name, manifests: given } of renders) {
    const made = given.flatMap(podManifest);
    const ask = async (asked: readonly Manifest[]) => {
      const found = await complaints(server, asked, NAMESPACE);
      problems.push(...found.map((complaint) => `${name}: ${complaint}`));
    };
    await ask(given);
    await ask(made);
    objects += given.length;
    pods += made.length;
  }
  problems.push(...(await complaints(server, passing, FIXTURES)));
  problems.push(...(await unrefused(server, fixtures)));
  const operated = fixtures.filter((fixture) => acceptedFrom(fixture) !== undefined);
  problems.push(...(await unaccepted(server, operated)));
  const says =
    `${server.version}: ${objects} objects and ${pods} pods of ${renders.length} renders, ` +
    `${passing.length} fixtures accepted and ${fixtures.length} refused, of these ${operated.length} but from an operator; ready in ${startSeconds} s, ${server.rssMiB()} MiB`;
  return { problems, says };
}

async function prepare(server: ApiServer, renders: readonly Render[]): Promise<void> {
  const restricted = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
  };
  const namespaces = new Set([NAMESPACE, ...renders.flatMap(({ manifests }) => manifests.flatMap(namespaceOf))]);
  for (const name of namespaces) await createNamespace(server, name, restricted);
  await createNamespace(server, FIXTURES, {});
  for (const { manifests } of renders)
    for (const { object } of manifests) if (LOOKED_UP.has(object.kind)) await create(server, object);
  for (const hold of [
    { namespace: NAMESPACE, digests: false },
    { namespace: FIXTURES, digests: true },
  ])
    for (const rule of await admissionRules("validatingAdmissionPolicy", hold)) await create(server, rule);
}

/** Admission of a pod asks for them by name. */
const LOOKED_UP = new Set(["PriorityClass", "ServiceAccount"]);

async function create(server: ApiServer, object: KubeObject): Promise<void> {
  const answer = await server.client.apply(object, { namespace: NAMESPACE, isDryRun: false });
  if (!isAccepted(answer)) throw new Error(`${describe(object)} was refused: ${messageOf(answer)}`);
}

/** With the account that a controller would make, and that pods have unless they name another. */
async function createNamespace(
  server: ApiServer,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await create(server, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  await create(server, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: name } });
}

function namespaceOf({ object }: Manifest): readonly string[] {
  return [object.metadata.namespace ?? []].flat();
}

/** The server takes a moment to see a new policy. */
async function areInForce(server: ApiServer, fixtures: readonly Manifest[]): Promise<void> {
  for (const until = Date.now() + IN_FORCE_MS; Date.now() < until; await sleep(POLL_MS))
    if ((await unrefused(server, fixtures)).length === 0) return;
}

/** Nothing where every one of them is accepted without a warning. */
async function complaints(
  server: ApiServer,
  manifests: readonly Manifest[],
  namespace: string,
): Promise<readonly string[]> {
  const answers = await askAll(server, manifests, namespace);
  return answers.flatMap(({ file, object, answer }) => {
    const said = isAccepted(answer) ? answer.warnings : [messageOf(answer)];
    return said.map((message) => `${file === undefined ? "" : `${file}: `}${describe(object)}: ${message}`);
  });
}

/** Nothing where every fixture is refused by a rule that it names. */
async function unrefused(server: ApiServer, fixtures: readonly Manifest[]): Promise<readonly string[]> {
  const answers = await askAll(server, fixtures, FIXTURES);
  return answers.flatMap(({ answer, ...fixture }) => {
    const rules = refusedBy(fixture);
    const said = isAccepted(answer) ? "accepted" : messageOf(answer);
    return isRefusedBy(answer, rules)
      ? []
      : [`must-fail/${fixture.file}: not refused by ${rules.join(" or ")}: ${said}`];
  });
}

/** Nothing where each is accepted from whom it names. */
async function unaccepted(server: ApiServer, fixtures: readonly Manifest[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const fixture of fixtures) {
    const as = acceptedFrom(fixture) ?? "nobody";
    const answer = await server.client.apply(fixture.object, { namespace: FIXTURES, isDryRun: true, as });
    if (!isAccepted(answer)) problems.push(`must-fail/${fixture.file}: not accepted from ${as}: ${messageOf(answer)}`);
  }
  return problems;
}

type Asked = Manifest & { readonly answer: ApiAnswer };

/** Some at a time: the server has more than one core, too. */
async function askAll(server: ApiServer, manifests: readonly Manifest[], namespace: string): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  for (let from = 0; from < manifests.length; from += AT_ONCE) {
    const some = manifests.slice(from, from + AT_ONCE);
    const ask = async (manifest: Manifest) => {
      return { ...manifest, answer: await server.client.apply(manifest.object, { namespace, isDryRun: true }) };
    };
    asked.push(...(await Promise.all(some.map(ask))));
  }
  return asked;
}

export function isRefusedBy(answer: ApiAnswer, rules: readonly string[]): boolean {
  if (isAccepted(answer)) return false;
  const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(messageOf(answer))?.[1];
  return rules.some((rule) => policy === `${FIXTURES}-${rule}`);
}

function podManifest({ object, ...from }: Manifest): readonly Manifest[] {
  const pod = podOf(object);
  return pod === undefined ? [] : [{ ...from, object: pod }];
}

const AT_ONCE = 8;
const IN_FORCE_MS = 20_000;
const POLL_MS = 250;

if (import.meta.main) {
  const { problems, says } = await dryRun(await allRenders());
  for (const problem of problems) console.error(problem);
  console.log(says);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
