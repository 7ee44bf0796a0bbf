import type { MailAddress } from "@kontor/shared/mail";
import { isMailAddress, mailLimits } from "@kontor/shared/mail";
import type { ContactBody } from "./contacts.repo.ts";

/**
 * vCards (RFC 6350; RFC 2426 and the 2.1 of old phones are read as well): the part of them that a contact has. What a card says beyond
 * that is not kept. A parser of our own, because the packages that read vCards keep every property as it came and leave the bounds to
 * their caller; this one takes lines, in time and space that grow with the text alone.
 */
export interface VCards {
  readonly contacts: readonly ContactBody[];
  /** Cards that were no cards, or named nobody. */
  readonly skipped: number;
}

/** An address book of a whole company; a file that holds more is something else. */
export const MAX_CARDS = 10_000;
/** A value with a picture in it is longer, and is not read anyhow. */
const MAX_VALUE_CHARS = 20_000;
const MAX_VALUES = 30; // as `contactSchema`

interface Property {
  readonly name: string;
  readonly params: ReadonlyMap<string, string>;
  readonly value: string;
}

export function parseVCards(text: string): VCards {
  const contacts: ContactBody[] = [];
  let skipped = 0;
  let card: Property[] | undefined;
  for (const line of unfolded(text)) {
    const property = parseLine(line);
    if (!property) continue;
    const marks = property.value.trim().toUpperCase();
    if (property.name === "BEGIN" && marks === "VCARD") card = [];
    else if (property.name === "END" && marks === "VCARD") {
      const contact = card && contacts.length < MAX_CARDS ? contactOf(card) : undefined;
      if (contact) contacts.push(contact);
      else skipped++;
      card = undefined;
    } else if (card && card.length < 500) card.push(property);
  }
  return { contacts, skipped: card ? skipped + 1 : skipped };
}

/** A line goes on where the next one begins with a blank (RFC 6350 §3.2), and in 2.1 where it ends with a soft break. */
function* unfolded(text: string): Generator<string> {
  let current: string | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const isContinued = /^[ \t]/.test(line);
    const isSoft =
      current !== undefined && current.endsWith("=") && /;ENCODING=QUOTED-PRINTABLE/i.test(current.slice(0, 200));
    if (current !== undefined && (isContinued || isSoft)) {
      if (current.length < 4 * MAX_VALUE_CHARS)
        current = isContinued ? current + line.slice(1) : current.slice(0, -1) + line;
      continue;
    }
    if (current !== undefined) yield current;
    current = line;
  }
  if (current !== undefined) yield current;
}

function parseLine(line: string): Property | undefined {
  const colon = colonOf(line);
  if (colon < 1) return undefined;
  const [head = "", ...given] = splitOutside(line.slice(0, colon), ";");
  const params = new Map<string, string>();
  for (const param of given) {
    const equals = param.indexOf("=");
    // In 2.1 a type stands alone: TEL;WORK.
    const [name, value] =
      equals < 0 ? ["TYPE", param] : [param.slice(0, equals).toUpperCase(), param.slice(equals + 1)];
    const plain = value.replaceAll('"', "");
    params.set(name, params.has(name) ? `${params.get(name)},${plain}` : plain);
  }
  const name = head.slice(head.lastIndexOf(".") + 1).toUpperCase(); // without its group
  const raw = line.slice(colon + 1, colon + 1 + 4 * MAX_VALUE_CHARS);
  const isQuoted = params.get("ENCODING")?.toUpperCase() === "QUOTED-PRINTABLE";
  return { name, params, value: (isQuoted ? fromQuotedPrintable(raw) : raw).slice(0, MAX_VALUE_CHARS) };
}

/** The first one that stands in no quotes. */
function colonOf(line: string): number {
  let isQuoted = false;
  for (let at = 0; at < line.length && at < 2_000; at++) {
    if (line[at] === '"') isQuoted = !isQuoted;
    else if (line[at] === ":" && !isQuoted) return at;
  }
  return -1;
}

function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === separator && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

const fromQuotedPrintable = (text: string): string => {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const part of text.matchAll(/=(?<hex>[0-9a-fA-F]{2})|(?<plain>[^=]+|=)/g)) {
    const { hex, plain = "" } = part.groups ?? {};
    if (hex === undefined) bytes.push(...encoder.encode(plain));
    else bytes.push(Number.parseInt(hex, 16));
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
};

/* ---------- values ---------- */

const unescaped = (value: string): string =>
  value.replaceAll(/\\(?<char>[nN,;:\\])/g, (_whole, char: string) => (char === "n" || char === "N" ? "\n" : char));

/** The components of a structured value (RFC 6350 §3.3); a semicolon behind a backslash belongs to its component. */
const components = (value: string): readonly string[] =>
  [...value.matchAll(/(?:^|;)(?<part>(?:\\.|[^;\\])*)/gs)].map(({ groups }) =>
    unescaped(groups?.["part"] ?? "").trim(),
  );

const oneLine = (text: string, maxChars: number): string =>
  text
    .replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim()
    .slice(0, maxChars)
    .toWellFormed();

function contactOf(card: readonly Property[]): ContactBody | undefined {
  const all = (name: string) => card.filter((property) => property.name === name);
  const first = (name: string) => all(name)[0]?.value;
  const organisation = oneLine(
    components(first("ORG") ?? "")
      .filter(Boolean)
      .join(", "),
    200,
  );
  const emails = all("EMAIL")
    .flatMap(({ value, params }) => {
      const address = oneLine(unescaped(value), mailLimits.maxAddressChars).replace(/^mailto:/i, "");
      return isMailAddress(address) ? [{ address, ...labelOf(params) }] : [];
    })
    .slice(0, MAX_VALUES);
  const phones = all("TEL")
    .flatMap(({ value, params }) => {
      const number = oneLine(unescaped(value), 60).replace(/^tel:/i, "");
      return number === "" ? [] : [{ number, ...labelOf(params) }];
    })
    .slice(0, MAX_VALUES);
  const name =
    oneLine(unescaped(first("FN") ?? ""), 200) || nameOf(first("N")) || organisation || (emails[0]?.address ?? "");
  if (name === "") return undefined;
  const title = oneLine(unescaped(first("TITLE") ?? ""), 200);
  const note = unescaped(first("NOTE") ?? "")
    .replaceAll("\u0000", "")
    .trim()
    .slice(0, 10_000)
    .toWellFormed();
  const members = isGroup(card) ? membersOf(card) : undefined;
  return {
    name,
    ...(organisation !== "" && { organisation }),
    ...(title !== "" && { title }),
    emails,
    phones,
    ...(note !== "" && { note }),
    ...(members && { members }),
  };
}

/** Family name; given names; further ones; what stands before and after. */
function nameOf(value: string | undefined): string {
  const [family = "", given = "", further = "", before = ""] = components(value ?? "");
  return oneLine([before, given, further, family].filter(Boolean).join(" "), 200);
}

const LABELS = new Set(["home", "work", "cell", "fax", "main", "other"]);

function labelOf(params: ReadonlyMap<string, string>): { readonly label?: string } {
  const types = (params.get("TYPE") ?? "").toLowerCase().split(",");
  const label = types.find((type) => LABELS.has(type.trim()))?.trim();
  return label === undefined ? {} : { label };
}

const isGroup = (card: readonly Property[]): boolean =>
  card.some(
    ({ name, value }) =>
      (name === "KIND" || name === "X-ADDRESSBOOKSERVER-KIND") && value.trim().toLowerCase() === "group",
  );

/** Only members that are addresses: others point to cards of another book (RFC 6350 §6.6.5). */
const membersOf = (card: readonly Property[]): readonly MailAddress[] =>
  card
    .filter(({ name }) => name === "MEMBER")
    .flatMap(({ value, params }) => {
      const address = /^mailto:(?<address>[^?]+)/i.exec(value.trim())?.groups?.["address"] ?? "";
      const name = oneLine(unescaped(params.get("CN") ?? ""), 200);
      return isMailAddress(address) ? [{ address, ...(name !== "" && { name }) }] : [];
    })
    .slice(0, mailLimits.maxRecipients);

/* ---------- writing ---------- */

/** vCard 4.0, or 3.0 for programs that have not learnt it since 2011. */
export type VCardVersion = "4.0" | "3.0";

export const writeVCards = (
  contacts: readonly (ContactBody & { readonly id: string; readonly updatedAt: string })[],
  version: VCardVersion = "4.0",
): string => contacts.map((contact) => writeVCard(contact, version)).join("");

function writeVCard(
  {
    id,
    updatedAt,
    name,
    organisation,
    title,
    emails,
    phones,
    note,
    members,
  }: ContactBody & { readonly id: string; readonly updatedAt: string },
  version: VCardVersion,
): string {
  const isFour = version === "4.0";
  const lines = [
    "BEGIN:VCARD",
    `VERSION:${version}`,
    `UID:${isFour ? `urn:uuid:${id}` : id}`,
    `REV:${updatedAt.replaceAll(/[-:]|\.\d+/g, "")}`,
    ...(members ? [isFour ? "KIND:group" : "X-ADDRESSBOOKSERVER-KIND:group"] : []),
    `FN:${escaped(name)}`,
    // Which part of a name is the family's is not known, and 3.0 wants to be told something.
    ...(isFour ? [] : [`N:${escaped(name)};;;;`]),
    ...(organisation === undefined ? [] : [`ORG:${escaped(organisation)}`]),
    ...(title === undefined ? [] : [`TITLE:${escaped(title)}`]),
    ...emails.map(({ address, label }) => `EMAIL${typed(label)}:${escaped(address)}`),
    ...phones.map(({ number, label }) => `TEL${typed(label)}:${escaped(number)}`),
    ...(note === undefined ? [] : [`NOTE:${escaped(note)}`]),
    ...(members ?? []).map(
      (member) => `MEMBER${member.name === undefined ? "" : `;CN="${quotable(member.name)}"`}:mailto:${member.address}`,
    ),
    "END:VCARD",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

const typed = (label: string | undefined): string => {
  const known = label?.toLowerCase().replaceAll(/[^a-z-]/g, "");
  return known !== undefined && known !== "" ? `;TYPE=${known}` : "";
};

const escaped = (text: string): string =>
  text.replaceAll(/[\\,;]/g, String.raw`\$&`).replaceAll(/\r\n|\r|\n/g, String.raw`\n`);

/** No quote can stand in a quoted parameter. */
const quotable = (text: string): string => text.replaceAll(/["\p{Cc}]/gu, "'");

/** Lines of at most 75 bytes, and no character is cut in two (RFC 6350 §3.2). */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let out = "";
  let bytes = 0;
  for (const char of line) {
    const size = encoder.encode(char).length;
    if (bytes + size > 75) {
      out += "\r\n ";
      bytes = 1;
    }
    out += char;
    bytes += size;
  }
  return out;
}
