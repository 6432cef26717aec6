/**
 * What must not stand in a log, known by its shape wherever it is: in a message, a stack, a nested object, or JSON inside a text. It
 * works on the finished line, which is JSON: inside a text a quote is `\"` and a line's end `\n`.
 *
 * A net, not a permission: secrets are not logged on purpose. It cannot know a password that stands alone in a sentence.
 */

/** The line without its secrets; still one line of JSON. Its time grows with the length of the line, whatever stands in it. */
export function withoutSecrets(line: string): string {
  let clean = withoutNamed(line);
  for (const { pattern, replacement, mark } of SHAPES) {
    // Most lines hold none: a look for the mark is cheaper than the pattern.
    if (mark.test(clean)) clean = clean.replace(pattern, replacement);
  }
  return clean;
}

/** Names of fields whose values are secret whatever they look like. A number stays: a seed of a simulation is one, and is told. */
const SECRET_NAME =
  "pass(?:word|wd|phrase)|secret|authorization|cookie|credential|mnemonic|api_?key|private_?key|signing_?key|access_?token|refresh_?token|bearer|jwt|seed";
const ANY_NAME = new RegExp(SECRET_NAME, "i");
const NAMED = new RegExp(String.raw`"[^"\\]{0,40}(?:${SECRET_NAME})[^"\\]{0,40}"\s*:\s*(?=["{[])`, "gi");

/** Each field with a secret's name, at any depth, loses its whole value: a text, a list or an object. */
function withoutNamed(line: string): string {
  if (!ANY_NAME.test(line)) return line;
  let clean = "";
  let from = 0;
  for (const { index, 0: name } of line.matchAll(NAMED)) {
    // Within a value that is gone already.
    if (index < from) continue;
    const at = index + name.length;
    clean += `${line.slice(from, at)}"[redacted]"`;
    from = endOfValue(line, at);
  }
  return clean + line.slice(from);
}

/** Where the JSON value that begins here ends. */
function endOfValue(line: string, start: number): number {
  let depth = 0;
  for (let at = start; at < line.length; at++) {
    const character = line[at];
    if (character === '"') at = endOfText(line, at);
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    if (depth === 0) return at + 1;
  }
  return line.length;
}

/** Of the quote that ends the text which the one at `start` begins. */
function endOfText(line: string, start: number): number {
  let at = start + 1;
  while (at < line.length && line[at] !== '"') at += line[at] === "\\" ? 2 : 1;
  return at;
}

interface Shape {
  readonly mark: RegExp;
  readonly pattern: RegExp;
  readonly replacement: string;
}

const SHAPES: readonly Shape[] = [
  {
    // A private key in PEM (RFC 7468), also one that was cut off: up to its end, or that of the text it stands in.
    mark: /PRIVATE KEY-----/,
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:\\.|[^"\\])*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|(?="))/g,
    replacement: "[redacted]",
  },
  {
    // An Ed25519 private key in PKCS #8 (RFC 8410), as base64 without its frame.
    mark: /MC4CAQAwBQYDK2VwBCIEI/,
    pattern: /MC4CAQAwBQYDK2VwBCIEI[A-Za-z0-9+/_-]{0,44}=?/g,
    replacement: "[redacted]",
  },
  {
    // The private member of a JSON Web Key (RFC 8037).
    mark: /"d\\{0,31}"/,
    pattern: /("d\\{0,31}"\s*:\s*\\{0,31}")[A-Za-z0-9_-]{20,}/g,
    replacement: "$1[redacted]",
  },
  {
    // A named secret in JSON that stands in a text, and so on: its quotes have one backslash before them, or three, or seven.
    mark: ANY_NAME,
    pattern: new RegExp(
      String.raw`((?<!\\)(\\{1,31})"[^"\\]{0,40}(?:${SECRET_NAME})[^"\\]{0,40}\2"\s*:\s*\2")(?:(?!(?<!\\)\2")(?:\\.|[^"\\]))*`,
      "gi",
    ),
    replacement: "$1[redacted]",
  },
  {
    // `Authorization: Bearer …` as a header's text, up to the end of its line.
    mark: /authorization|cookie/i,
    pattern: /((?:authorization|cookie)\s*[:=]\s*)(?!\s)(?:\\(?![rn]).|[^"\\])+/gi,
    replacement: "$1[redacted]",
  },
  { mark: /bearer|basic/i, pattern: /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, replacement: "$1 [redacted]" },
  // JSON Web Tokens begin with `{"` in base64.
  {
    mark: /eyJ/,
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/g,
    replacement: "[redacted]",
  },
  {
    // `password=…`, as in a libpq connection string or a query.
    mark: /=/,
    pattern: new RegExp(
      `\\b([a-z_-]{0,40}(?:${SECRET_NAME}|token)\\s?=\\s?)(?:'[^']*'|\\\\"(?:[^"\\\\])*|[^\\s"&;,'\\\\]+)`,
      "gi",
    ),
    replacement: "$1[redacted]",
  },
  {
    // The password of a URL. Up to the last @: a password may hold one.
    mark: /:\/\//,
    pattern: /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s"/:@?#\\]{0,80}):(?:\\.|[^"\\\s]){1,256}@/gi,
    replacement: "$1:[redacted]@",
  },
  {
    // 32 or 64 bytes in hex are a seed or a secret key, unless their field says that they are a digest.
    mark: /(?<![0-9a-f])[0-9a-f]{64}/i,
    pattern:
      /(?<![0-9a-f])(?<!(?:digest|hash|root|head|prev|leaf|sha256)\\{0,31}"?\s?:\s?\\{0,31}"?)(?:[0-9a-f]{64}){1,2}(?![0-9a-f])/gi,
    replacement: "[redacted]",
  },
  // Bytes: what they are nobody sees, and what they were somebody could.
  {
    mark: /"Buffer"/,
    pattern: /\{"type":"Buffer","data":\[[\d,]*\]\}/g,
    replacement: '"[bytes]"',
  },
  { mark: /\{"0":\d/, pattern: /\{"0":\d{1,3}(?:,"\d+":\d{1,3})*\}/g, replacement: '"[bytes]"' },
];
