/** The commands and their options. What a command does is loaded when it is called: `--help` waits for nothing. */
import { Command, Option } from "commander";
import type { AuditExportFlags } from "./audit-export.ts";
import type { AuditProveFlags } from "./audit-prove.ts";
import type { AuditReportFlags } from "./audit-report.ts";
import type { Caller, SwallowableOption } from "./caller.ts";
import type { DemoFlags } from "./demo/options.ts";
import type { FoundFlags } from "./found/found.ts";
import { operatorsCommands } from "./operators.ts";
import type { UpFlags } from "./up/up.ts";
import type { WhyFlags } from "./why.ts";

export interface Program {
  readonly command: Command;
  /** Of the command that ran. */
  readonly exitCode: () => number;
}

export function program(version: string, caller: Caller): Program {
  let exitCode = 0;
  const ends = async (code: number | Promise<number>) => {
    exitCode = await code;
  };
  const command = new Command("countersign")
    .description("Trading agents that cannot act alone.")
    .version(version, "-V, --version", "print the version")
    .exitOverride()
    .showHelpAfterError("(countersign --help lists what there is)");

  const demo = command
    .command("demo")
    .description("trade real prices with ten agents, on this machine alone")
    .addHelpText("after", DEMO_EXAMPLES);
  for (const option of demoOptionList()) demo.addOption(option);
  demo.action(async (flags: DemoFlags) => ends((await import("./demo/demo.ts")).demo(flags, caller)));

  const up = command
    .command("up")
    .description("every agent as a process of its own, on Kafka and PostgreSQL, on this machine")
    .option("--dir <folder>", "where the cluster lives, instead of .countersign/cluster")
    .option("--replicas <agent=count...>", "several processes for one agent of a new cluster: policy=2")
    .addOption(
      new Option("--mode <mode>", "of a new cluster; shadow: as live, with an exchange that leads nowhere").choices([
        "paper",
        "shadow",
      ]),
    )
    .option(
      "--cofounder <person>",
      "who opens trading of a new cluster with you, such as person:ann: shadow needs two",
    );
  for (const option of demoOptionList().filter((one) => OF_A_CLUSTER.has(one.name()))) up.addOption(option);
  up.action(async (flags: UpFlags) => ends((await import("./up/up.ts")).up(flags, caller)));

  const found = command
    .command("found")
    .description("a new cluster for Kubernetes: its Helm values, its Secrets, and your keys")
    .requiredOption("--dir <folder>", "where to; with --deliver, a process' folder")
    .option("--deliver", "in the cluster: bring what the founder has signed to the validators")
    .option("--namespace <name>", "where the processes will run", "countersign")
    .addOption(
      new Option("--mode <mode>", "shadow: as live, with an exchange that leads nowhere")
        .choices(["paper", "shadow"])
        .default("paper"),
    )
    .option("--person <person>", "who founds it, such as person:ann")
    .option("--cofounder <person...>", "who opens trading with you: shadow needs two")
    .option(
      "--postgres <url>",
      "with {process} for its login and {password} for one made for it; without, the chart's own engines",
    )
    .option("--redis <url>", "the same for Redis")
    .option("--desk", "your keys go into the cluster too, for commands there: on a laptop alone");
  for (const option of demoOptionList().filter((one) => OF_A_CLUSTER.has(one.name()))) found.addOption(option);
  found.action(async (flags: FoundFlags) => ends((await import("./found/found.ts")).found(flags, caller)));

  operatorsCommands(command, ends, caller);

  command
    .command("why")
    .argument("<number>", "of a line that the demo told")
    .description("what led to a line of a run, and what came of it")
    .option("--run <n>", "another run than the last")
    .option("--json", "the whole tree as JSON")
    .action(async (number: string, flags: WhyFlags) => ends((await import("./why.ts")).whyCommand(number, flags)));

  const audit = command.command("audit").description("the audit log of a run");
  audit
    .command("verify")
    .argument("[file]", "an audit.jsonl; without it the last run's")
    .description("check every signature, chain, vote and proof of an audit log, offline")
    .addOption(new Option("--run <n>", "another run than the last"))
    .action(async (file: string | undefined, flags: { run?: string }) =>
      ends((await import("./audit.ts")).auditVerify(file, flags, caller)),
    );
  audit
    .command("export")
    .argument("[file]", "an audit.jsonl; without it the last run's")
    .description("the log as records.csv, and its closed lots as tax.csv; verified first")
    .addOption(new Option("--run <n>", "another run than the last"))
    .addOption(new Option("--to <folder>", "where to, instead of beside the log"))
    .addOption(new Option("--check", "write nothing: compare what is there with what the log gives"))
    .action(async (file: string | undefined, flags: AuditExportFlags) =>
      ends((await import("./audit-export.ts")).auditExport(file, flags, caller)),
    );

  audit
    .command("report")
    .argument("[file]", "an audit.jsonl; without it the last run's")
    .description("what the log adds up to, or some of its records; verified first")
    .option("--event <name>", "proposal, risk_decision, execution, error or system")
    .option("--sender <name>", "of this agent, validator or person alone")
    .option("--code <code>", "that say this code, such as HALTED")
    .option("--from <time>", "at or after it: a date, or a time such as 2015-06-01T14:30")
    .option("--to <time>", "before it; of a date the whole day")
    .option("--run <n>", "another run than the last")
    .option("--json", "as JSON")
    .action(async (file: string | undefined, flags: AuditReportFlags) =>
      ends((await import("./audit-report.ts")).auditReport(file, flags, caller)),
    );

  audit
    .command("prove")
    .argument("[record]", "a msg_id, as `why` shows it, or its place in the log")
    .description("write the proof that a record is in the log, for any tool of transparency logs")
    .addOption(
      new Option("--since <n>", "and that the first n records are still those: the size of a checkpoint you kept"),
    )
    .addOption(new Option("--file <audit.jsonl>", "instead of the last run's"))
    .addOption(new Option("--run <n>", "another run than the last"))
    .addOption(new Option("--to <folder>", "where to, instead of here"))
    .action(async (record: string | undefined, flags: AuditProveFlags) =>
      ends((await import("./audit-prove.ts")).auditProve(record, flags, caller)),
    );

  command
    .command("replay")
    .argument("[run]", "another run than the last")
    .description("make every decision of a run again, and compare the effects byte for byte")
    .action(async (run: string | undefined) => ends((await import("./replay.ts")).replayCommand(run)));

  command
    .command("runs")
    .description("list the runs of this clone")
    .action(async () => ends((await import("./runs.ts")).runsCommand()));

  return { command, exitCode: () => exitCode };
}

/** What npm may swallow when somebody forgets the dashes. */
export function swallowableOptions(): readonly SwallowableOption[] {
  return demoOptionList().map((option) => ({ name: option.name(), hasValue: option.required || option.optional }));
}

function demoOptionList(): readonly Option[] {
  const collect = (value: string, before: readonly string[] | undefined) => [...(before ?? []), value];
  return [
    new Option("--strategy <file.ts>", "your own strategy instead of strategies/; may be repeated").argParser(collect),
    new Option("--limits <file.json>", "your own limits"),
    new Option("--trace <[SYMBOL=]file...>", "your own market: quotes, trades or bars, as downloaded"),
    new Option("--hedge <symbol>", "hedge with this symbol of the market"),
    new Option("--from <date>", "first day, such as 2015-06-01"),
    new Option("--to <date>", "last day"),
    new Option("--speed <n>", "n times faster than a minute, on a terminal; for `up`, seconds of the market in one"),
    new Option("--seed <n>", "of the keys, and of a simulated market"),
    new Option("--json <file>", "write the report there too"),
    new Option("--market <kind>", "a market made from the seed").choices(["simulated"]),
  ];
}

const OF_A_CLUSTER: ReadonlySet<string> = new Set(["strategy", "limits", "trace", "hedge", "from", "to", "speed"]);

const DEMO_EXAMPLES = `
Examples:
  countersign demo --speed 10
  countersign demo --limits my-limits.json --strategy my-strategy.ts
  countersign demo --trace MSFT.csv.gz --from 2024-01-01
  countersign demo --trace XAUUSD=gold.csv.gz EURUSD=euro.csv.gz --hedge EURUSD`;
