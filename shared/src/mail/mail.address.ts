import { z } from "zod";
import type { MailAddress } from "./mail.docs.ts";
import { mailLimits } from "./mail.limits.ts";

/**
 * The addr-spec that can be written to: dot-atom local part or a quoted one, and a domain of letters, digits and hyphens
 * in labels (RFC 5321 §4.1.2). Letters beyond ASCII are taken on both sides (RFC 6531). No comments, no white space and no
 * control character: a line end here would be a header of an attacker's.
 */
const LOCAL = String.raw`(?:[\p{L}\p{N}!#$%&'*+/=?^_\x60{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_\x60{|}~-]+)*|"[^"\\\p{Cc}]{1,62}")`;
const LABEL = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?`;
const ADDRESS = new RegExp(`^${LOCAL}@${LABEL}(?:\\.${LABEL})*$`, "u");

export const isMailAddress = (text: string): boolean =>
  text.length <= mailLimits.maxAddressChars && text.lastIndexOf("@") <= 64 && ADDRESS.test(text);

/** What a name in front of an address may not hold: line ends make headers, and turned-around text lies about them. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const FORBIDDEN_IN_NAME = /[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/gu;

export const cleanName = (name: string): string => name.replaceAll(FORBIDDEN_IN_NAME, " ").trim().slice(0, 200);

export const addressSchema = z.string().trim().refine(isMailAddress, { error: "This is not a mail address." });

export const mailAddressSchema = z
  .object({ address: addressSchema, name: z.string().optional() })
  .transform(({ address, name }): MailAddress => {
    const cleaned = cleanName(name ?? "");
    return cleaned === "" ? { address } : { address, name: cleaned };
  });

/** Under which two addresses are the same one: case is told apart by no server worth the name. */
export const addressKey = (address: string): string => address.trim().toLowerCase();

export const domainOf = (address: string): string => addressKey(address).slice(address.lastIndexOf("@") + 1);

/** `Anna Kovacs <anna@example.com>`; the name quoted where it must be (RFC 5322 §3.2.4). */
export function formatAddress({ address, name }: MailAddress): string {
  if (!name) return address;
  const plain = /^[\p{L}\p{N} !#$%&'*+/=?^_`{|}~-]+$/u.test(name);
  return `${plain ? name : `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`} <${address}>`;
}

/** What a person typed or pasted: addresses with and without names, parted by commas, semicolons or line ends. */
export function parseAddresses(text: string): { readonly found: readonly MailAddress[]; readonly rest: string } {
  const found: MailAddress[] = [];
  const rest: string[] = [];
  for (const part of splitList(text)) {
    const parsed = parseAddress(part);
    if (parsed) found.push(parsed);
    else if (part.trim() !== "") rest.push(part.trim());
  }
  return { found, rest: rest.join(", ") };
}

function parseAddress(part: string): MailAddress | undefined {
  const bracketed = /^(?<name>.*)<(?<address>[^<>]+)>\s*$/su.exec(part.trim());
  const address = (bracketed?.groups?.["address"] ?? part).trim().replace(/^mailto:/i, "");
  if (!isMailAddress(address)) return undefined;
  const name = cleanName(
    (bracketed?.groups?.["name"] ?? "")
      .trim()
      .replace(/^"(?<inner>.*)"$/su, "$<inner>")
      .replaceAll(/\\(?=["\\])/g, ""),
  );
  return name && name !== address ? { address, name } : { address };
}

function splitList(text: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let quoted = false;
  let angle = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    else if (char === "<" && !quoted) angle = true;
    else if (char === ">" && !quoted) angle = false;
    if (/[,;\n]/.test(char) && !quoted && !angle) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part];
}
