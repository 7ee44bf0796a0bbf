import type { ReplicaContact } from "#contract";
import { contactSchema, formatAddress, isMailAddress, parseAddresses, type ContactDoc } from "@kontor/shared/mail";

/** A contact as it stands in a form: everything text, a line each; kept on this device until it is saved. */
export type ContactRaw = {
  readonly kind: ContactDoc["kind"];
  readonly isGroup: boolean;
  readonly name: string;
  readonly organisation: string;
  readonly title: string;
  /** One a line. */
  readonly emails: string;
  readonly phones: string;
  readonly note: string;
  readonly members: string;
};

export const emptyContact = (isGroup: boolean): ContactRaw => ({
  kind: "personal",
  isGroup,
  name: "",
  organisation: "",
  title: "",
  emails: "",
  phones: "",
  note: "",
  members: "",
});

export const rawOf = (contact: ReplicaContact): ContactRaw => ({
  kind: contact.kind,
  isGroup: contact.members !== undefined,
  name: contact.name ?? "",
  organisation: contact.organisation ?? "",
  title: contact.title ?? "",
  emails: (contact.emails ?? []).map(({ address, label }) => withLabel(address, label)).join("\n"),
  phones: (contact.phones ?? []).map(({ label, number }) => withLabel(number, label)).join("\n"),
  note: contact.note ?? "",
  members: (contact.members ?? []).map(formatAddress).join("\n"),
});

export type ContactProblem = "name" | "emails" | "members" | "tooMuch";
export type ParsedContact =
  | { readonly ok: true; readonly contact: Omit<ContactDoc, "id" | "updatedAt"> }
  | { readonly ok: false; readonly problem: ContactProblem; readonly text: string };

export function contactOf(raw: ContactRaw): ParsedContact {
  const name = raw.name.trim();
  if (name === "") return { ok: false, problem: "name", text: "" };
  const emails = linesOf(raw.emails).map(partsOf);
  const wrong = emails.find(({ text }) => !isMailAddress(text));
  if (wrong) return { ok: false, problem: "emails", text: wrong.text };
  const members = parseAddresses(raw.members);
  if (raw.isGroup && members.rest !== "") return { ok: false, problem: "members", text: members.rest };
  const parsed = contactSchema.safeParse({
    kind: raw.kind,
    name,
    ...optional({ organisation: raw.organisation, title: raw.title, note: raw.note }),
    emails: raw.isGroup ? [] : emails.map(({ label, text }) => ({ address: text, ...optional({ label }) })),
    phones: raw.isGroup
      ? []
      : linesOf(raw.phones)
          .map(partsOf)
          .map(({ label, text }) => ({ number: text, ...optional({ label }) })),
    ...(raw.isGroup ? { members: members.found } : {}),
  });
  if (!parsed.success) return { ok: false, problem: "tooMuch", text: parsed.error.issues[0]?.path.join(".") ?? "" };
  return { ok: true, contact: parsed.data as Omit<ContactDoc, "id" | "updatedAt"> };
}

/** `anna@example.com (work)`: what it is for stands behind it, as people write it on cards. */
const withLabel = (text: string, label: string | undefined): string => (label ? `${text} (${label})` : text);

function partsOf(line: string): { readonly text: string; readonly label: string } {
  const found = /^(?<text>.*\S)\s*\((?<label>[^()]+)\)$/.exec(line);
  return { text: found?.groups?.["text"] ?? line, label: found?.groups?.["label"] ?? "" };
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const optional = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(texts)
      .map(([key, text]) => [key, text.trim()] as const)
      .filter(([, text]) => text !== ""),
  );
