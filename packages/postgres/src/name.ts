import assert from "node:assert/strict";

/** Names of schemas and databases go into SQL as they are; they come from the code, so a bad one is a broken invariant. */
export function checkName(name: string): void {
  assert(/^[a-z][a-z0-9_]{0,62}$/.test(name), `"${name}" is no name: a letter, then letters, digits, _, at most 63`);
}
