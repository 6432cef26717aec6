/** A program whose answer is data: what it prints for people on the side does not get into it. */
import { execFile } from "node:child_process";

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws Error where it cannot be started */
export function answer(program: string, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    // Some wait for more on their standard input.
    child.stdin?.end();
  });
}
