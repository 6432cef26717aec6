/** Every door that is not the one: other topics and senders, every method of every server, the venue itself, the command line. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { calls, OrderCommandSchema, PermitIssuedSchema, Role, type SubmitOrder, topics } from "@countersign/contracts";
import { deriveSigner } from "@countersign/envelope";
import { authority } from "../../platform/src/authority-file.ts";
import { readSecrets, readSpec } from "../../platform/src/processes/cluster.ts";
import { saysOf } from "../../platform/src/senders.ts";
import type { Attempt } from "./attempt.ts";
import { forge, wanted } from "./orders.ts";
import { MALLORY, SEATS, STOLEN, type Thief } from "./thief.ts";

const ORDERS = "orders.intent.v1";
const NOTHING_ELSE = "refused, but where authority.json grants it";
const NO_ORDER = "no order";

export const doors: readonly Attempt[] = [
  {
    name: "an order with one bit flipped",
    expected: "BAD_SIGNATURE at pipeline",
    go: async (thief) => {
      const bytes = thief.seal(await orderBody(thief, "portfolio", ORDERS), thief.signer("portfolio"));
      const flipped = new Uint8Array(bytes);
      flipped[Math.floor(flipped.length / 2)]! ^= 1;
      return thief.throwIn(ORDERS, flipped);
    },
  },
  {
    name: "an order under a key that nobody knows",
    expected: "UNKNOWN_KEY at pipeline",
    go: async (thief) => {
      const nobody = deriveSigner(Buffer.from(thief.unique().slice(0, 32)), "nobody");
      return thief.throwIn(ORDERS, thief.seal(await orderBody(thief, "portfolio", ORDERS), nobody));
    },
  },
  {
    name: "an order in Portfolio's name under the Hedger's key",
    expected: "WRONG_SENDER at pipeline",
    go: async (thief) =>
      thief.throwIn(ORDERS, thief.seal(await orderBody(thief, "portfolio", ORDERS), thief.signer("hedger"))),
  },
  {
    name: "a permit in Policy's name on its own topic",
    expected: "WRONG_SENDER at pipeline",
    go: async (thief) => {
      const { intent, key } = wanted(thief);
      const like = await thief.permitted(wanted(thief).intent);
      const permit = forge(intent, thief.signer("portfolio"), like);
      const payload = toBinary(PermitIssuedSchema, create(PermitIssuedSchema, { intentKey: key, intent, permit }));
      const said = { sender: "policy", topic: "risk.policy.v1", key: thief.account, type: "permit.issued", payload };
      return thief.throwIn("risk.policy.v1", thief.seal(said, thief.signer("portfolio")));
    },
  },
  {
    name: "an order on every topic, under every key",
    expected: NO_ORDER,
    go: async (thief) => {
      const like = await thief.permitted(wanted(thief).intent);
      const said = topics.flatMap(({ topic }) => STOLEN.map((sender) => ({ topic, sender })));
      const bodies = await Promise.all(said.map(({ topic, sender }) => orderBody(thief, sender, topic, like)));
      const records = bodies.map((body) => ({ ...body, value: thief.seal(body, thief.signer(body.sender)) }));
      return ordersOf(thief, () => thief.put(records));
    },
  },
  { name: "every method of every server, under every key", expected: NOTHING_ELSE, go: everyMethod },
  ...(["no key", "validator-1's drop copy", "validator-2's drop copy"] as const).map((whose, n) => ({
    name: `the venue itself, with ${whose}`,
    expected: n === 0 ? "UNAUTHORIZED at the venue" : "READ_ONLY at the venue",
    go: (thief: Thief) => atTheVenue(thief, n === 0 ? undefined : `validator-${n}`),
  })),
  {
    name: "everything that was refused, put back by `dlq redrive`",
    expected: NO_ORDER,
    go: (thief, ground) =>
      ordersOf(thief, () => ground.founder("dlq", "redrive", `${ORDERS}.execution.dlq`, "--all", "--yes")),
  },
  {
    name: "everything that was ever said, said again by `outbox republish`",
    expected: NO_ORDER,
    go: (thief, ground) => ordersOf(thief, () => ground.founder("outbox", "republish", "--topic", ORDERS)),
  },
  {
    name: "`resume` by a person who may only approve",
    expected: "ROLE_MISSING",
    go: async (thief, ground) => {
      await ground.halt();
      const { said } = await ground.countersign("resume", "-m", "go on", "--as", MALLORY);
      await ground.resume(thief);
      return codeIn(said);
    },
  },
  {
    name: "`keys enrol` of an accomplice who may do everything, by a person who may only approve",
    expected: "ROLE_MISSING",
    go: async (_, ground) => {
      const everything = ["--role", "approver,risk,admin", "--up-to", "1000000"];
      await ground.founder("keys", "new", "person:eve", ...everything, "--out", "eve.json");
      return codeIn((await ground.countersign("keys", "enrol", "eve.json", "--yes", "--as", MALLORY)).said);
    },
  },
  {
    name: "`approve` with an agent's key",
    expected: "there is no such key",
    go: async (_, ground) => {
      const { code, said } = await ground.countersign("approve", "0", "--yes", "-m", "x", "--as", "portfolio");
      return code !== 0 && said.includes("portfolio has no such key") ? "there is no such key" : said;
    },
  },
];

/** A command for an order, with a permit that he has forged. */
async function orderBody(thief: Thief, sender: string, topic: string, given?: SubmitOrder) {
  const { intent } = wanted(thief);
  const like = given ?? (await thief.permitted(wanted(thief).intent));
  const value = { ...like, intent, permit: forge(intent, thief.signer("portfolio"), like) };
  const command = create(OrderCommandSchema, { command: { case: "submit", value } });
  return { sender, topic, key: thief.account, type: "order.intent", payload: toBinary(OrderCommandSchema, command) };
}

/** How many orders come of it, in words. */
async function ordersOf(thief: Thief, act: () => Promise<unknown>): Promise<string> {
  const before = thief.orders();
  await act();
  const orders = (await thief.quiet()) - before;
  return orders === 0 ? NO_ORDER : `${orders} orders`;
}

/** What a server answers, though authority.json does not let its caller ask; or refuses as not allowed, though it does. */
async function everyMethod(thief: Thief): Promise<string> {
  const before = thief.orders();
  const wrong: string[] = [];
  for (const { call, request } of calls)
    for (const server of Object.keys(readSpec(thief.dir).servers).filter((name) => !SEATS.includes(name)))
      for (const sender of STOLEN) {
        const payload = toBinary(request.schema, fromBinary(request.schema, new Uint8Array()));
        const { said } = await thief.call(call, server, request.type, payload, sender);
        const isGranted = saysOf(sender, [Role.APPROVER], authority).some(
          ({ type, topic }) => type === request.type && topic === call,
        );
        const isRefused = /^(NOT_ALLOWED|UNIMPLEMENTED) at /.test(said);
        if (!isGranted && !isRefused) wrong.push(`${sender} ${call} at ${server}: ${said}`);
      }
  const orders = (await thief.quiet()) - before;
  if (orders > 0) wrong.push(`${orders} orders`);
  return wrong.length === 0 ? NOTHING_ELSE : wrong.join("; ");
}

async function atTheVenue(thief: Thief, validator: string | undefined): Promise<string> {
  const { dropCopyKeys = {} } = readSecrets(thief.dir);
  const key = validator === undefined ? undefined : dropCopyKeys[validator];
  const response = await fetch(`http://${readSpec(thief.dir).venue}/v1/orders`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key !== undefined && { "x-api-key": key }) },
    body: JSON.stringify({}),
  });
  const { error } = (await response.json()) as { readonly error?: { readonly code?: string } };
  return `${error?.code ?? response.status} at the venue`;
}

/** The code that a command's one line names. */
function codeIn(said: string): string {
  return /\b[A-Z]+(_[A-Z]+)+\b/.exec(said)?.[0] ?? said;
}
