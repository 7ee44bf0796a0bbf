import { useCallback } from "react";
import { newId } from "@kontor/shared/base";
import {
  answerDraft,
  quoteWords,
  type CardDoc,
  type Draft,
  type DraftOrigin,
  type MailAddress,
  type MailboxDoc,
  type MailSettingsDoc,
  type Answerer,
  type Prefilled,
  type QuoteLanguage,
} from "@kontor/shared/mail";
import { once, useDirectory, useReplica, type Watch } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { sendersOf, type Sender } from "./composer.fields.ts";

/** What somebody wants to write. */
export type StartDraft =
  | {
      readonly kind: "new";
      /** Whose outbox it is to leave from, if one may; else one's own. */
      readonly mailboxId?: string | undefined;
      readonly to?: readonly MailAddress[];
      readonly cc?: readonly MailAddress[];
      readonly subject?: string;
      readonly html?: string;
      readonly cards?: readonly CardDoc[];
      /** Files that are here already, by their ids. */
      readonly files?: readonly string[];
    }
  | { readonly kind: Exclude<DraftOrigin["kind"], "new">; readonly sourceId: string };

/** Nobody may be written from: there is no mailbox that one may send from, or none is known yet. */
export class NoSender extends Error {}

/** Makes a draft on this device and says its id; it is there, and durable, when this resolves. */
export function useStartDraft(): (wanted: StartDraft) => Promise<string> {
  const { call, watch } = useReplica();
  const { myId } = useDirectory();
  const { locale } = useWords();
  return useCallback(
    async (wanted) => {
      const [boxes, settings] = await Promise.all([once(watch, "mail.boxes", {}), once(watch, "mail.settings", {})]);
      const office: Office = {
        mailboxes: boxes?.mailboxes ?? [],
        senders: sendersOf(boxes?.mailboxes ?? [], myId),
        signatures: settings?.signatures ?? [],
      };
      const { prefilled, sender } =
        wanted.kind === "new" ? newDraft(wanted, office) : await answer(wanted, office, { watch, locale });
      const id = newId();
      await call("mail.saveDraft", { id, mailboxId: sender.mailboxId, draft: prefilled.draft, base: 0 });
      for (const { cid, sourceFileId } of prefilled.attach)
        await call("mail.attachStored", { id, fileId: newId(), sourceFileId, ...(cid === undefined ? {} : { cid }) });
      return id;
    },
    [call, watch, myId, locale],
  );
}

interface Office {
  readonly mailboxes: readonly MailboxDoc[];
  readonly senders: readonly Sender[];
  readonly signatures: MailSettingsDoc["signatures"];
}
interface Started {
  readonly prefilled: Prefilled;
  readonly sender: Sender;
}

async function answer(
  { kind, sourceId }: Exclude<StartDraft, { kind: "new" }>,
  { mailboxes, senders, signatures }: Office,
  { locale, watch }: { readonly watch: Watch; readonly locale: QuoteLanguage },
): Promise<Started> {
  const [message, bodies] = await Promise.all([
    once(watch, "mail.message", { id: sourceId }),
    once(watch, "mail.bodies", { ids: [sourceId] }),
  ]);
  if (!message) throw new Error(`There is no message ${sourceId} here.`);
  // Who only reads a shared mailbox answers from the own one.
  const sender = senders.find(({ mailboxId }) => mailboxId === message.mailboxId) ?? senders[0];
  if (!sender) throw new NoSender();
  const name = mailboxes.find(({ id }) => id === sender.mailboxId)?.name;
  const signature = signatureFor(signatures, sender.mailboxId);
  const by: Answerer = {
    addresses: senders
      .filter(({ mailboxId }) => mailboxId === sender.mailboxId)
      .map(({ address: { address } }) => address),
    ...(name ? { name } : {}),
    ...(signature === undefined ? {} : { signature }),
    words: quoteWords(locale, new Intl.DateTimeFormat().resolvedOptions().timeZone),
  };
  return { sender, prefilled: answerDraft(kind, { message, body: bodies?.[0] }, by) };
}

function newDraft(
  { cards = [], cc = [], files = [], html, mailboxId, subject = "", to = [] }: Extract<StartDraft, { kind: "new" }>,
  { senders, signatures }: Office,
): Started {
  const sender = senders.find((each) => each.mailboxId === mailboxId) ?? senders[0];
  if (!sender) throw new NoSender();
  const signature = signatureFor(signatures, sender.mailboxId);
  const draft: Draft = {
    from: sender.address,
    to: [...to],
    cc: [...cc],
    bcc: [],
    subject,
    html: html ?? (signature === undefined ? "" : `<p><br></p>${signature}`),
    cards: [...cards],
    origin: { kind: "new" },
  };
  return { sender, prefilled: { draft, attach: files.map((sourceFileId) => ({ sourceFileId })) } };
}

export const signatureFor = (signatures: MailSettingsDoc["signatures"], mailboxId: string): string | undefined =>
  signatures.find(({ defaultFor }) => defaultFor.includes(mailboxId))?.html;
