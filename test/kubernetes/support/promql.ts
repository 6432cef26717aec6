/** What an expression asks for: its selectors, read out of the text. Ours are written by one hand, and always with braces. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export function selectorsOf(expr: string): readonly Selector[] {
  return [...expr.matchAll(/([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}/g)].map(([, metric = "", inside = ""]) => ({
    metric,
    matchers: [...inside.matchAll(/([a-zA-Z_]+)(=~|!~|!=|=)"([^"]*)"/g)].map(
      ([, label = "", operator = "", value = ""]) => ({ label, operator, value }),
    ),
  }));
}

/** Names of series that stand there without braces: none of ours may. */
export function bareNames(expr: string): readonly string[] {
  const rest = expr.replaceAll(/\{[^}]*\}/g, "{}");
  return [...rest.matchAll(/\b((?:countersign|process|nodejs|kube)[a-z0-9_:]*)(?![a-z0-9_:{])/g)].map(
    ([, name = ""]) => name,
  );
}

/** The labels by which an expression groups. */
export function groupedBy(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(?:by|on) \(([a-z_, ]*)\)/g)].flatMap(([, names = ""]) =>
    names.split(",").map((name) => name.trim()),
  );
}
