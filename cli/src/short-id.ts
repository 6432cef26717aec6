/** Ids are long; a person types the beginning of one. */
import { InputError } from "@countersign/platform";

/** As much of an id as a person has to type. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** The one that begins so. @param known what there is, for the message. @throws InputError */
export function idBeginning(prefix: string, ids: readonly string[], what: string, known: string): string {
  const [id, ...more] = ids.filter((one) => one.startsWith(prefix));
  if (id === undefined) throw new InputError("BAD_OPTION", `${prefix}: no such ${what}; ${known}`);
  if (more.length > 0) throw new InputError("BAD_OPTION", `${prefix}: more than one ${what} begins so; ${known}`);
  return id;
}
