import { closeSync, fsyncSync, lstatSync, openSync } from "node:fs";

/** Whether the name exists, be it a file, a folder or a link to nowhere. */
export function isPresent(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Makes the names in `folder` survive a loss of power. Windows cannot open a folder, and its NTFS journals names. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
