import { DomainError } from "@kontor/shared/base";
import type { CardDoc } from "@kontor/shared/mail";
import { recordAudit, sensitiveReads, type Transaction } from "#kernel";
import type { RecordAccess, RecordSheet } from "#objects";
import type { PdfSource } from "#previews";
import type { MailReader } from "../mailboxes/mailbox.resource.ts";
import type { OutgoingAttachment } from "../mime/buildMessage.ts";
import { escapeText } from "../mime/html/escape.ts";
import { paperOfCard } from "./cardPaper.ts";

/**
 * Cards for people outside. Inside, a card is read from the record itself, by its reader's rights; outside, it is words: the record's
 * kind and name, and the fields that its author chose.
 *
 * - **CRD-1** They are read when the message leaves, as its author may see them then, and never more than was chosen.
 * - **CRD-2** Whoever may not read the record any longer sends nothing of it: the message goes back to its author, who is told why.
 * - **CRD-3** Chosen fields are in what travels to people outside only, in words and as a PDF. Who gets the message inside has bytes of
 *   it without them.
 */
export interface CardDeps {
  readonly records: Pick<RecordAccess, "sheetOf">;
  /** A document of ours as a PDF. */
  toPdf(source: PdfSource): Promise<Buffer>;
}

export async function sheetsOfCards(
  trx: Transaction,
  { records }: Pick<CardDeps, "records">,
  author: MailReader,
  cards: readonly CardDoc[],
): Promise<readonly RecordSheet[]> {
  const sheets: RecordSheet[] = [];
  for (const { outside, recordId, title } of cards) {
    const { fields = [], locale = "en" } = outside ?? {};
    const sheet = await records.sheetOf(trx, author, { recordId, fields, locale });
    if (!sheet) throw cardClosed(title);
    // Who did not choose a field was not asked for a language either: its name is all there is.
    sheets.push(outside ? sheet : { ...sheet, kind: "" });
  }
  return sheets;
}

/** The same words to keep and print, for the cards whose author wants that (`cardPaper.ts`). */
export async function papersOfCards(
  cards: readonly CardDoc[],
  sheets: readonly RecordSheet[],
  { toPdf }: Pick<CardDeps, "toPdf">,
): Promise<readonly OutgoingAttachment[]> {
  const papers: OutgoingAttachment[] = [];
  for (const [at, sheet] of sheets.entries()) {
    const outside = cards[at]?.outside;
    if (outside?.pdf) papers.push(await paperOfCard(sheet, outside.locale, toPdf));
  }
  return papers;
}

/** In the bytes of a message that stays inside: what its author called them, as its readers' messages say it, too. */
export const namesOfCards = (cards: readonly CardDoc[]): readonly RecordSheet[] =>
  cards.map(({ title }) => ({ kind: "", title, rows: [], sensitive: [] }));

const cardClosed = (title: string) =>
  new DomainError(
    "forbidden",
    `You may not see the record "${title}" (any longer), so it cannot be sent to people outside. Take its card off, or ask for access.`,
    { reason: "send.cardClosed", params: { title } },
  );

/** What of sensitive sections goes outside, in the log before it leaves (POL-12). */
export async function noteSheets(
  trx: Transaction,
  sheets: readonly RecordSheet[],
  { author, now }: { readonly author: MailReader; readonly now: string },
): Promise<void> {
  const { id: userId, login } = author.subject;
  const parts = sheets.flatMap(({ sensitive }) => sensitive);
  await recordAudit(trx, now, sensitiveReads(parts, { userId, login }, "mail"));
}

/* ---------- how it looks ---------- */

const QUIET = "color:#667085";

/** Drawn alike by every mail program, which is why it is a table, and without a colour of its own for its ground. */
export function cardBlock({ kind, rows, title }: RecordSheet): string {
  const head = [
    ...(kind === "" ? [] : [`<span style="${QUIET};font-size:12px">${escapeText(kind)}</span><br>`]),
    `<b>${escapeText(title)}</b>`,
  ].join("");
  const lines = rows.map(
    ({ label, text }) =>
      `<tr><td style="${QUIET};padding:3px 16px;vertical-align:top">${escapeText(label)}:</td>` +
      `<td style="padding:3px 16px 3px 0;vertical-align:top">${escapeText(text).replaceAll(/\r\n?|\n/g, "<br>")}</td></tr>`,
  );
  return [
    '<table role="presentation" cellpadding="0" cellspacing="0" style="border:1px solid #d0d5dd;border-radius:8px;margin:12px 0;font-size:14px;line-height:1.45">',
    `<tr><td colspan="2" style="padding:12px 16px ${rows.length === 0 ? "12px" : "8px"}">${head}</td></tr>`,
    ...lines,
    ...(rows.length === 0
      ? []
      : ['<tr><td colspan="2" style="height:9px;line-height:9px;font-size:1px">&nbsp;</td></tr>']),
    "</table>",
  ].join("");
}
