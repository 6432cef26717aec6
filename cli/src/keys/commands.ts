/** `countersign keys` and its options. */
import { type Command, Option } from "commander";
import type { Caller } from "../caller.ts";
import type { Ends } from "../operators.ts";
import type { EnrolFlags, NewFlags } from "./enrol.ts";
import type { ListFlags, RevokeFlags } from "./revoke.ts";

/** What these commands share with those of whoever runs a cluster. */
export interface Shared {
  readonly ends: Ends;
  readonly caller: Caller;
  readonly as: () => Option;
  readonly dir: () => Option;
}

export function keysCommands(command: Command, { ends, caller, as, dir }: Shared): void {
  const keys = command
    .command("keys")
    .description("who has which keys and roles, and changing it while the cluster trades");
  const role = () => new Option("--role <names>", "viewer, approver, risk, admin; several with commas between them");
  const upTo = () => new Option("--up-to <amount>", "the largest order that an approver may approve, such as 50000");
  const out = () => new Option("--out <file>", "where the request is written");
  keys
    .command("new")
    .argument("<sender>", "person:<name>, an agent or a validator")
    .description("make its keys, and a request to enrol them that holds no secret")
    .addOption(role())
    .addOption(upTo())
    .addOption(out())
    .addOption(dir())
    .action(async (sender: string, flags: NewFlags) =>
      ends((await import("./enrol.ts")).keysNew(sender, flags, caller)),
    );
  keys
    .command("role")
    .argument("<person>", "who has keys")
    .description("write a request for other roles of a person")
    .addOption(role())
    .addOption(upTo())
    .addOption(out())
    .addOption(dir())
    .action(async (person: string, flags: NewFlags) =>
      ends((await import("./enrol.ts")).keysRole(person, flags, caller)),
    );
  keys
    .command("limits")
    .argument("<file>", "the limits that shall count")
    .description("write a request that Policy permits under these limits, and no others")
    .addOption(out())
    .addOption(dir())
    .action(async (file: string, flags: NewFlags) =>
      ends((await import("./enrol.ts")).keysLimits(file, flags, caller)),
    );
  keys
    .command("enrol")
    .argument("<request>", "what `new`, `role` or `limits` has written, with what others have signed")
    .description("sign a request and, with as many persons as the cluster demands, put it into the control log")
    .option("--yes", "without asking")
    .addOption(as())
    .addOption(dir())
    .action(async (file: string, flags: EnrolFlags) =>
      ends((await import("./enrol.ts")).keysEnrol(file, flags, caller)),
    );
  keys
    .command("revoke")
    .argument("<who>", "the beginning of a key's id, or a person, or with --old any sender")
    .description("take keys away, at once; one person does")
    .option("--old", "those that were followed by newer ones")
    .option("--compromised", "somebody else has them")
    .addOption(as())
    .addOption(dir())
    .action(async (who: string, flags: RevokeFlags) =>
      ends((await import("./revoke.ts")).keysRevoke(who, flags, caller)),
    );
  keys
    .command("list")
    .description("every key that counts, and every person's roles")
    .option("--all", "also those that are revoked")
    .option("--json", "as JSON")
    .addOption(as())
    .addOption(dir())
    .action(async (flags: ListFlags) => ends((await import("./revoke.ts")).keysList(flags, caller)));
}
