/** The commands of whoever runs a cluster. */
import { type Command, Option } from "commander";
import type { AnswerFlags, ApprovalsFlags } from "./approvals/approvals.ts";
import type { Caller } from "./caller.ts";
import type { DlqFlags, RedriveFlags, ShowFlags } from "./dlq/dlq.ts";
import type { DoctorFlags } from "./doctor/doctor.ts";
import type { HaltFlags } from "./halt/halt.ts";
import type { ResumeFlags } from "./halt/resume.ts";
import { keysCommands } from "./keys/commands.ts";
import type { RepublishFlags } from "./outbox.ts";
import type { StatusFlags } from "./status/status.ts";
import type { TopicsFlags } from "./topics/topics.ts";

export type Ends = (code: number | Promise<number>) => Promise<void>;

export function operatorsCommands(command: Command, ends: Ends, caller: Caller): void {
  const dir = () => new Option("--dir <folder>", "where the cluster lives, instead of .countersign/cluster");
  const kafka = () => new Option("--kafka <host:port,…>", "brokers, instead of those of the folder");

  command
    .command("status")
    .description("what runs of a cluster, and how it is; exit code 1 when not all of it does")
    .addOption(dir())
    .option("--json", "as JSON")
    .action(async (flags: StatusFlags) => ends((await import("./status/status.ts")).status(flags, caller)));

  command
    .command("doctor")
    .description("what is missing on this machine or in a cluster, with the cure; exit code 1 when it is needed")
    .addOption(dir())
    .option("--json", "as JSON")
    .action(async (flags: DoctorFlags) => ends((await import("./doctor/doctor.ts")).doctor(flags, caller)));

  const as = () => new Option("--as <person>", "whose keys sign, instead of who founded the cluster");
  command
    .command("halt")
    .argument("<level>", "1: no new orders, 2: and cancel what works, 3: and flatten")
    .description("stop trading, at once; exit code 1 when it is not certain that it has stopped")
    .option("--scope <scope>", "all, account:<id>, strategy:<id>, symbol:<id> or venue:<id>", "all")
    .requiredOption("-m, --message <why>", "why")
    .addOption(as())
    .addOption(dir())
    .option("--json", "as JSON")
    .action(async (level: string, flags: HaltFlags) =>
      ends((await import("./halt/halt.ts")).halt(level, flags, caller)),
    );
  command
    .command("resume")
    .argument("[halt...]", "beginnings of the ids of halts; without them all that are in force")
    .description("open trading again, with the signatures of as many persons as the cluster demands")
    .option("-m, --message <why>", "why")
    .option("--with <file>", "what other persons have signed")
    .addOption(as())
    .addOption(dir())
    .action(async (ids: string[], flags: ResumeFlags) =>
      ends((await import("./halt/resume.ts")).resume(ids, flags, caller)),
    );

  command
    .command("approvals")
    .description("orders that wait for a person")
    .option("--watch", "show them as they come")
    .addOption(as())
    .addOption(dir())
    .option("--json", "one JSON object a line")
    .action(async (flags: ApprovalsFlags) => ends((await import("./approvals/approvals.ts")).approvals(flags, caller)));
  for (const verb of ["approve", "reject"] as const)
    command
      .command(verb)
      .argument("<order>", "the beginning of its id, as `approvals` shows it")
      .description(`sign, as a person, to ${verb} exactly this order`)
      .option("-m, --message <why>", "why")
      .option("--yes", "without asking")
      .addOption(as())
      .addOption(dir())
      .action(async (id: string, flags: AnswerFlags) =>
        ends((await import("./approvals/approvals.ts")).answer(id, verb === "approve", flags, caller)),
      );

  keysCommands(command, { ends, caller, as, dir });

  const dlq = command.command("dlq").description("what readers of a topic refused, why, and putting it back");
  const queue = "such as orders.intent.v1.execution.dlq";
  dlq
    .command("list")
    .description("each dead letter queue that holds something, with reasons and ages")
    .addOption(dir())
    .addOption(kafka())
    .option("--json", "as JSON")
    .action(async (flags: DlqFlags) => ends((await import("./dlq/dlq.ts")).dlqList(flags, caller)));
  dlq
    .command("show")
    .argument("<queue>", queue)
    .description("the letters of a queue, or one of them whole")
    .option("--offset <n>", "this one")
    .addOption(dir())
    .addOption(kafka())
    .option("--json", "as JSON")
    .action(async (name: string, flags: ShowFlags) =>
      ends((await import("./dlq/dlq.ts")).dlqShow(name, flags, caller)),
    );
  dlq
    .command("redrive")
    .argument("<queue>", queue)
    .description("put letters back onto their topic, byte for byte as they came")
    .option("--offset <n>", "this one, also if it was put back before")
    .option("--all", "every one that waits")
    .option("--reason <code>", "every one that waits and was refused for this")
    .option("--yes", "without asking")
    .addOption(dir())
    .addOption(kafka())
    .action(async (name: string, flags: RedriveFlags) =>
      ends((await import("./dlq/dlq.ts")).dlqRedrive(name, flags, caller)),
    );

  const topics = command.command("topics").description("the catalogue's topics on the brokers");
  const replicas = () => new Option("--replicas <n>", "copies of each topic, instead of 3");
  topics
    .command("create")
    .description("make what is missing; nothing that is there is changed")
    .addOption(dir())
    .addOption(kafka())
    .addOption(replicas())
    .action(async (flags: TopicsFlags) => ends((await import("./topics/topics.ts")).topicsCreate(flags, caller)));
  topics
    .command("check")
    .description("what the brokers have otherwise than the catalogue says")
    .addOption(dir())
    .addOption(kafka())
    .addOption(replicas())
    .action(async (flags: TopicsFlags) => ends((await import("./topics/topics.ts")).topicsCheck(flags, caller)));

  command
    .command("outbox")
    .description("what was committed, and belongs on the bus")
    .command("republish")
    .description("put it on the bus once more, after all brokers lost what they had; best while no agent runs")
    .option("--agent <name>", "of this one alone")
    .option("--topic <name>", "of this one alone")
    .option("--since <time>", "what was committed at or after it, such as 2015-06-01T14:30:00Z")
    .addOption(dir())
    .action(async (flags: RepublishFlags) => ends((await import("./outbox.ts")).outboxRepublish(flags, caller)));
}
