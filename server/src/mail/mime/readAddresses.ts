import { addressParser } from "postal-mime";
import { cleanName, isMailAddress, mailLimits, type MailAddress } from "@kontor/shared/mail";
import { unifyWords } from "./encodedWords.ts";
import { storable } from "./html/escape.ts";

/**
 * The addresses of a header, groups flattened. What has no address that can be written to stays as a name with an empty
 * address, so that it is seen. The grammar is postal-mime's, which holds against addresses hidden in quotes and words.
 */
export function readAddresses(fields: readonly string[]): {
  readonly found: readonly MailAddress[];
  readonly isCut: boolean;
} {
  const found: MailAddress[] = [];
  for (const field of fields) {
    for (const mailbox of addressParser(unifyWords(flatField(field.slice(0, MAX_FIELD_CHARS))), { flatten: true })) {
      if (found.length >= mailLimits.maxRecipients) return { found, isCut: true };
      const address = toAddress(mailbox.address ?? "", mailbox.name);
      if (address) found.push(address);
    }
  }
  return { found, isCut: fields.some((field) => field.length > MAX_FIELD_CHARS) };
}

/** 500 recipients with long names. */
const MAX_FIELD_CHARS = 65_536;

/** Groups in one field. Each opens the parser anew for all that follows, and a field of colons would have it read 50 times. */
const MAX_GROUPS = 20;

/** RFC 5322 lets comments nest, the parser does not: an inner one loses its brackets. A group too many loses its colon. */
function flatField(field: string): string {
  if (!/[(:]/.test(field)) return field;
  let depth = 0;
  let groups = 0;
  let isQuoted = false;
  let isEscaped = false;
  let flat = "";
  for (const char of field) {
    if (isEscaped || char === "\\") {
      isEscaped = !isEscaped;
      flat += char;
      continue;
    }
    if (char === '"' && depth === 0) isQuoted = !isQuoted;
    const change = isQuoted ? 0 : char === "(" ? 1 : char === ")" ? -1 : 0;
    const before = depth;
    depth = Math.max(0, depth + change);
    const isInner = change !== 0 && Math.max(before, depth) > 1;
    const isGroupTooMany = char === ":" && !isQuoted && ++groups > MAX_GROUPS;
    flat += isInner || isGroupTooMany ? " " : char;
  }
  return flat;
}

function toAddress(text: string, name: string): MailAddress | undefined {
  const address = plainAddress(text);
  const shown = cleanName(
    storable(name)
      .replaceAll(/\s+/g, " ")
      .replace(/^'(?<inner>.*)'$/s, "$<inner>"),
  );
  if (isMailAddress(address)) return shown === "" || shown === text ? { address } : { address, name: shown };
  const rest = cleanName(storable([shown, text].filter((part) => part !== "").join(" ")));
  return rest === "" ? undefined : { address: "", name: rest };
}

/** Without a route (RFC 5322 §4.4), which says the way and not the address, and without white space around dots and the at sign. */
function plainAddress(text: string): string {
  const plain = text
    .replace(/^@[^:]*:/, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(/ ?(?<sign>[.@]) ?/g, "$<sign>")
    .replace(/^mailto:/i, "")
    .replace(/\.$/, "");
  const at = plain.lastIndexOf("@");
  const local = plain.slice(0, at);
  // The parser took its quotation marks off; without them it would be somebody else's address.
  return /[\s"@,;:<>()[\]\\]/.test(local) && !local.startsWith('"')
    ? `"${local.replaceAll(/["\\]/g, "")}"${plain.slice(at)}`
    : plain;
}
