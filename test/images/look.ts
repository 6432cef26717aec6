/** What a process finds in its container, and what it does not. */
import { run } from "./podman.ts";

const ASK = `
const { readFileSync, writeFileSync, readdirSync } = require("node:fs");
const status = readFileSync("/proc/self/status", "utf8");
const of = (name) => new RegExp(name + ":\\\\s*(\\\\S+)").exec(status)[1];
const attempt = (path) => { try { writeFileSync(path, ""); return "written"; } catch (error) { return error.code; } };
console.log(JSON.stringify({
  user: process.getuid() + ":" + process.getgid(),
  node: process.version,
  capabilities: of("CapEff"),
  noNewPrivileges: of("NoNewPrivs"),
  seccomp: of("Seccomp"),
  memoryMb: process.constrainedMemory() / 1048576,
  writeToRoot: attempt("/app/x"),
  writeToEtc: attempt("/etc/x"),
  writeToTmp: attempt("/tmp/x"),
  programs: readdirSync("/usr/bin").length + readdirSync("/usr/sbin").length,
}));`;

/** @returns what is not as it has to be */
export function look(image: string): readonly string[] {
  const { code, output } = run({ image, entrypoint: "/usr/local/bin/node", args: ["--eval", ASK] });
  if (code !== 0) return [`${image}: Node ended with ${code}: ${output}`];
  const found = JSON.parse(output.trim()) as Readonly<Record<string, unknown>>;
  console.log(
    `  ${Object.entries(found)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}`,
  );
  const wanted = {
    user: "65532:65532",
    capabilities: "0000000000000000",
    noNewPrivileges: "1",
    seccomp: "2",
    memoryMb: 256,
    writeToRoot: "EROFS",
    writeToEtc: "EROFS",
    writeToTmp: "written",
  };
  const problems = Object.entries(wanted).filter(([name, value]) => found[name] !== value);
  const shell = run({ image, entrypoint: "/bin/sh", args: ["-c", "true"] });
  if (shell.code === 0) problems.push(["shell", "none"]);
  return problems.map(([name, value]) => `${image}: ${name} is ${found[name]}, and has to be ${value}`);
}
