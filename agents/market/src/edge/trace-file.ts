import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { MarketError } from "../core/error.ts";

/** SHA-256 (hex) of a file's bytes as they lie on disk, compressed or not, and how many they are. Throws `NO_SUCH_FILE`. */
export async function digestFile(path: string): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (cause) {
    throw translate(path, cause);
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}

/**
 * The text of a file in chunks, unpacked when its first bytes are those of gzip, whatever its name. Whoever stops early closes
 * it. Throws `NO_SUCH_FILE`, `TRUNCATED_GZIP`, `DAMAGED_GZIP`, and `NOT_A_TABLE` for a zip archive or UTF-16.
 */
export async function* readText(path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    const magic = await firstBytes(path);
    refuseForeign(path, magic);
    const raw = createReadStream(path, { highWaterMark: READ_BYTES });
    if (magic[0] !== 0x1f || magic[1] !== 0x8b) {
      yield* raw;
      return;
    }
    const gunzip = createGunzip({ chunkSize: READ_BYTES });
    // The pipeline hands an error of the file to the unpacked side, where the loop below meets it, and closes the file after it.
    pipeline(raw, gunzip, () => {});
    yield* gunzip;
  } catch (cause) {
    throw translate(path, cause);
  }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(new Uint8Array(4), 0, 4, 0);
  return buffer.subarray(0, bytesRead);
}

function refuseForeign(path: string, magic: Uint8Array): void {
  if (magic[0] === 0x50 && magic[1] === 0x4b) {
    throw new MarketError("NOT_A_TABLE", path, "a zip archive", "Unpack it first and name the CSV file inside");
  }
  if ((magic[0] === 0xff && magic[1] === 0xfe) || (magic[0] === 0xfe && magic[1] === 0xff)) {
    throw new MarketError("NOT_A_TABLE", path, "text in UTF-16", "Save it as UTF-8");
  }
}

function translate(path: string, cause: unknown): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "Z_BUF_ERROR") {
    return new MarketError("TRUNCATED_GZIP", path, "the compressed data stops before its end", AGAIN, { cause });
  }
  if (code === "Z_DATA_ERROR") {
    return new MarketError("DAMAGED_GZIP", path, "the compressed data is damaged", AGAIN, { cause });
  }
  const problem = typeof code === "string" ? UNREADABLE.get(code) : undefined;
  return problem ? new MarketError("NO_SUCH_FILE", path, problem, "Check the path", { cause }) : cause;
}

const AGAIN = "Download or copy the file again";
const READ_BYTES = 262_144;
const UNREADABLE = new Map([
  ["ENOENT", "there is no such file"],
  ["ENOTDIR", "there is no such file"],
  ["EISDIR", "a folder, not a file"],
  ["EACCES", "the file may not be read"],
  ["EPERM", "the file may not be read"],
]);
