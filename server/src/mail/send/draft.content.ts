import { DomainError } from "@kontor/shared/base";
import { mailLimits, snippetOf, type Draft, type MailAddress } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import type { MailboxRow } from "../mailboxes/mailboxes.repo.ts";
import { cleanHtml } from "../mime/html/cleanHtml.ts";
import { textOfHtml } from "../mime/html/textOfHtml.ts";
import type { DraftContent } from "./drafts.repo.ts";
import { personalAddress } from "./personalAddress.ts";

/** What an editor sent, as it is stored: cleaned like everything that is shown, with its author as the server knows them. */
export async function contentOfDraft(
  trx: Transaction,
  draft: Draft,
  { mailbox, authorId }: { readonly mailbox: MailboxRow; readonly authorId: string },
): Promise<DraftContent> {
  const { html, hasRemote, isCut } = cleanHtml(draft.html, { maxChars: MAX_CLEANED_CHARS });
  if (isCut) {
    throw new DomainError("tooLarge", `The text is longer than ${mailLimits.maxDraftHtmlChars} characters of HTML.`, {
      reason: "draft.tooLong",
      params: { maxChars: mailLimits.maxDraftHtmlChars },
    });
  }
  const text = textOfHtml(html);
  const { importance, cards } = draft;
  return {
    subject: oneLine(draft.subject),
    people: await peopleOfDraft(trx, draft, mailbox, authorId),
    snippet: snippetOf(text, mailLimits.maxSnippetChars),
    text,
    html: html === "" ? null : html,
    hasRemote,
    extras: { ...(importance && { importance }), ...(cards.length > 0 && { cards }) },
  };
}

/** Escaping makes text longer: `&` becomes five characters. Nothing of a draft that was taken may be cut. */
const MAX_CLEANED_CHARS = 6 * mailLimits.maxDraftHtmlChars;

/** A line end in a subject would begin a header of the author's own. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();

async function peopleOfDraft(trx: Transaction, draft: Draft, mailbox: MailboxRow, authorId: string) {
  const from = { address: draft.from.address, ...nameOf(draft.from, mailbox) };
  const isDelegate = mailbox.kind === "personal" && mailbox.owner_id !== authorId;
  const sender = isDelegate ? await personalAddress(trx, authorId) : undefined;
  return { from: [from], ...(sender && { sender: [sender] }), to: draft.to, cc: draft.cc };
}

/**
 * Inside, the name in front of an address is what people go by, so it is the mailbox's and not what a client says. An account
 * elsewhere is its owner's own business.
 */
function nameOf({ name }: MailAddress, mailbox: MailboxRow): { readonly name?: string } {
  const shown = mailbox.kind === "external" ? name : mailbox.name;
  return shown ? { name: shown } : {};
}
