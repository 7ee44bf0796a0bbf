import type { IssueItem } from "#contract";
import type { Json } from "@kontor/shared/base";
import { draftText, type Draft, type MailAddress } from "@kontor/shared/mail";
import type { Words } from "../words/index.ts";

export interface InputLine {
  readonly key: string;
  readonly name: string;
  readonly text: string;
}

/** What somebody had put into a change of mail, in words: ids say nothing to them. */
export function mailInput({ input, name }: IssueItem, t: Words["t"]): readonly InputLine[] {
  if (name === "mail.saveDraft") return draftLines(input["draft"] as unknown as Draft, t);
  if (name === "mail.update") return updateLines(input, t);
  const line = NAMED[name];
  const value = line && input[line.key];
  return line && typeof value === "string" ? [{ key: line.key, name: t(line.words), text: value }] : [];
}

const NAMED: Readonly<
  Record<string, { readonly key: string; readonly words: "mail.folder.name" | "mail.attachments" }>
> = {
  "mail.attach": { key: "name", words: "mail.attachments" },
  "folder.create": { key: "name", words: "mail.folder.name" },
  "folder.rename": { key: "name", words: "mail.folder.name" },
};

function draftLines({ bcc, cc, html, subject, to }: Draft, t: Words["t"]): readonly InputLine[] {
  const people = (list: readonly MailAddress[]) =>
    list.map(({ address, name }) => (name ? `${name} <${address}>` : address)).join(", ");
  return [
    { key: "to", name: t("mail.to"), text: people(to) },
    { key: "cc", name: t("mail.cc"), text: people(cc) },
    { key: "bcc", name: t("mail.bcc"), text: people(bcc) },
    { key: "subject", name: t("outbox.mail.subject"), text: subject },
    { key: "html", name: t("outbox.mail.text"), text: draftText(html) },
  ].filter(({ text }) => text !== "");
}

function updateLines(input: Readonly<Record<string, Json>>, t: Words["t"]): readonly InputLine[] {
  const lines: InputLine[] = [];
  const say = (key: string, text: string) => lines.push({ key, name: t("outbox.mail.change"), text });
  if (input["seen"] !== undefined) say("seen", t(input["seen"] === true ? "mail.markRead" : "mail.markUnread"));
  if (input["flagged"] !== undefined) say("flagged", t(input["flagged"] === true ? "mail.flag" : "mail.unflag"));
  if (input["folderId"] !== undefined) say("folderId", t("mail.move"));
  if (input["snoozedUntil"] !== undefined) say("snoozedUntil", t("mail.snooze"));
  if (input["followUpAt"] !== undefined) say("followUpAt", t("mail.followUp.set"));
  if (input["assigneeId"] !== undefined) say("assigneeId", t("mail.assign"));
  for (const key of ["addLabels", "removeLabels"] as const) {
    const labels = input[key];
    if (Array.isArray(labels)) lines.push({ key, name: t("mail.label"), text: labels.join(", ") });
  }
  return lines;
}
