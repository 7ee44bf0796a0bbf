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
    for (const mailbox of addressParser(unifyWords(field.slice(0, MAX_FIELD_CHARS)), { flatten: true })) {
      if (found.length >= mailLimits.maxRecipients) return { found, isCut: true };
      const address = toAddress(mailbox.address ?? "", mailbox.name);
      if (address) found.push(address);
    }
  }
  return { found, isCut: fields.some((field) => field.length > MAX_FIELD_CHARS) };
}

/** 500 recipients with long names. */
const MAX_FIELD_CHARS = 131_072;

function toAddress(text: string, name: string): MailAddress | undefined {
  // A route (RFC 5322 §4.4) says the way, not the address; white space within is folding.
  const address = text
    .replace(/^@[^:]*:/, "")
    .replaceAll(/\s+/g, "")
    .replace(/^mailto:/i, "")
    .replace(/\.$/, "");
  const shown = cleanName(
    storable(name)
      .replaceAll(/\s+/g, " ")
      .replace(/^'(?<inner>.*)'$/s, "$<inner>"),
  );
  if (isMailAddress(address)) return shown === "" || shown === address ? { address } : { address, name: shown };
  const rest = cleanName(storable([shown, text].filter((part) => part !== "").join(" ")));
  return rest === "" ? undefined : { address: "", name: rest };
}
