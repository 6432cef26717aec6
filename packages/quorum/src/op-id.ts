/** The name of what a proposal is about, derived from its content alone: whoever proposes the same thing gets the first outcome. */
import { toBinary } from "@bufbuild/protobuf";
import { ChangedSchema, type ProposeRequest } from "@countersign/contracts";
import { businessKey, hex, sha256 } from "@countersign/envelope";

/** 64 hex digits; undefined when the content lacks what its name is made of. */
export function opIdOf({ content }: Pick<ProposeRequest, "content">): string | undefined {
  const parts = partsOf(content);
  return parts?.every((part): part is string => part !== undefined && part !== "") ? businessKey(...parts) : undefined;
}

function partsOf(content: ProposeRequest["content"]): readonly (string | undefined)[] | undefined {
  switch (content.case) {
    case "genesis":
      return ["genesis", content.value.platform];
    case "halt":
      return ["halt", content.value.haltId];
    case "resume":
      return ["resume", ...content.value.haltIds];
    case "deposit":
      return ["deposit", content.value.depositId];
    case "fills":
      return ["fills", ...content.value.fills.map((fill) => fill.executionId)];
    case "key": {
      const { keyid, state, reason } = content.value.grant ?? {};
      return ["key", keyid, state?.toString(), `because ${reason ?? ""}`];
    }
    case "change": {
      const { changed } = content.value;
      return ["change", changed && hex(sha256(toBinary(ChangedSchema, changed)))];
    }
    case undefined:
      return undefined;
  }
}
