/** Every attempt in turn, and what was made of it. */
import type { Mark } from "../marks.ts";
import { approvals, words } from "./approvals.ts";
import type { Attempt } from "./attempt.ts";
import { doors } from "./doors.ts";
import { Ground } from "./ground.ts";
import { permits, slowPermits } from "./permits.ts";
import { stops } from "./stops.ts";
import { THROUGH, Thief } from "./thief.ts";
import { afterRevocation, belowTheCeiling, withPolicysKey } from "./with-policys-key.ts";

type Say = (line: string) => void;

/** Attempts that were not refused as they have to be, each with what came of it. */
export async function trial(say: Say): Promise<readonly string[]> {
  await using scene = await Scene.open(say);
  const { ground, thief } = scene;
  const findings: string[] = [];
  const part = async (title: string, attempts: readonly Attempt[]) => {
    say(title);
    for (const { name, expected, go } of attempts) {
      const said = await go(thief, ground);
      if (said !== expected) findings.push(`${name}: ${said}, not ${expected}`);
      say(said === expected ? `  ok     ${name}: ${said}` : `  FOUND  ${findings.at(-1)}`);
    }
  };
  await part("with every key but Policy's", [...permits, ...doors, ...slowPermits]);
  await part("while trading has stopped, and in one validator's name", stops);
  await part("with Policy's key too, above the ceiling", withPolicysKey);
  await part("with an approver's word that does not count", [...approvals, ...words]);
  await part("with Policy's key too, below the ceiling", [belowTheCeiling, afterRevocation]);
  return findings;
}

const ofStops: readonly Attempt[] = [...slowPermits, ...stops];

/** Whether some attempt is for this check. */
export function isTried({ name, promise }: Mark): boolean {
  return isOfOrders(promise) || ofStops.some(({ marks }) => marks?.includes(name));
}

/**
 * The attempts that a check is for, with its line left out of the process that makes it: what stands behind it. A cluster that may have believed
 * what nobody certified is not tried again.
 */
export async function trialOfMarks(marks: readonly Mark[], say: Say): Promise<void> {
  const orders = marks.filter(({ promise }) => isOfOrders(promise));
  if (orders.length > 0) await tryWithout(orders, [...permits, ...withPolicysKey, ...approvals], say);
  for (const mark of marks.filter(({ promise }) => !isOfOrders(promise)))
    await tryWithout(
      [mark],
      ofStops.filter(({ marks: names }) => names?.includes(mark.name)),
      say,
    );
}

async function tryWithout(marks: readonly Mark[], attempts: readonly Attempt[], say: Say): Promise<void> {
  let scene = await Scene.open();
  try {
    for (const mark of marks) {
      await scene.ground.restart(processOf(mark), mark);
      const changed: string[] = [];
      for (const attempt of attempts) {
        let said = await scene.answer(attempt);
        if (said.startsWith(SPENT)) {
          // What got through before has closed the account, and hides what stands behind the check.
          await scene[Symbol.asyncDispose]();
          scene = await Scene.open();
          await scene.ground.restart(processOf(mark), mark);
          said = await scene.answer(attempt);
        }
        const { name, expected } = attempt;
        if (said !== expected)
          changed.push(`  ${said === THROUGH ? "THROUGH" : "moved  "}  ${name}: ${expected} → ${said}`);
      }
      say(
        `${mark.name}, left out of ${processOf(mark)}: ${changed.length === 0 ? "no attempt is answered otherwise" : ""}`,
      );
      for (const line of changed) say(line);
      if (mark !== marks.at(-1)) await scene.ground.restart(processOf(mark));
    }
  } finally {
    await scene[Symbol.asyncDispose]();
  }
}

const SPENT = "ACCOUNT_CLOSED";

/** A cluster, and its thief. */
class Scene implements AsyncDisposable {
  readonly ground: Ground;
  readonly thief: Thief;
  readonly #opened: AsyncDisposableStack;

  private constructor(ground: Ground, thief: Thief, opened: AsyncDisposableStack) {
    this.ground = ground;
    this.thief = thief;
    this.#opened = opened;
  }

  static async open(say: Say = () => {}): Promise<Scene> {
    await using opened = new AsyncDisposableStack();
    const ground = opened.use(await Ground.open(say));
    const thief = opened.use(await Thief.open(ground.folder));
    return new Scene(ground, thief, opened.move());
  }

  /** A cluster that has believed a false word may not trade again: that is an answer too. */
  answer({ go }: Attempt): Promise<string> {
    return go(this.thief, this.ground).catch(String);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

const isOfOrders = (promise: string): boolean => promise === "P01" || promise === "P02";

/** Who makes the check where these attempts meet it. */
function processOf({ file }: Mark): "policy" | "execution" {
  return /^(agents\/execution|packages\/permit)\//.test(file) ? "execution" : "policy";
}
