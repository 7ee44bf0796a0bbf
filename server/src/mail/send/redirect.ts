import { sql } from "kysely";
import { DomainError, newId } from "@kontor/shared/base";
import type { BlobStat, BlobStore } from "#files";
import type { Transaction } from "#kernel";
import { messageTables } from "../messages/messages.repo.ts";
import { redirectMessage } from "../mime/redirectMessage.ts";
import { copyAttachments, type KeepFilesDeps } from "./copyAttachments.ts";
import type { DraftSource } from "./draft.source.ts";
import type { LeavingRow } from "./drafts.repo.ts";

export interface RedirectDeps extends KeepFilesDeps {
  readonly blobs: Pick<BlobStore, "get" | "put">;
}

export interface Redirected {
  readonly raw: BlobStat;
  /** Writes down what recipients get, and returns the id of that content. */
  store(trx: Transaction, now: string): Promise<string>;
}

/**
 * Sends a message on unchanged, with fields in front that say by whom (RFC 5322 §3.6.6). Who gets it reads it as it was, from whom it
 * was, with the verdicts that it came with; the copy of whoever sent it on says to whom.
 */
export async function redirectSource(
  trx: Transaction,
  { blobs, keepFiles }: RedirectDeps,
  { row, source, date }: { readonly row: LeavingRow; readonly source: DraftSource | undefined; readonly date: Date },
): Promise<Redirected> {
  const original = source && (await findRaw(trx, source.content_id));
  const [from] = row.people.from;
  if (!source || !original || !from) throw sourceGone();
  const { to, cc } = row.people;
  const resent = { messageId: row.message_id, date, from, to, cc };
  const raw = await blobs.put(redirectMessage(await blobs.get(original), resent));
  return {
    raw,
    async store(held, now) {
      const id = newId();
      await copyContent(held, source.content_id, id);
      const copied = { by: row.send_by ?? row.id, at: now };
      await copyAttachments(held, { keepFiles }, { from: source.content_id, to: id, ...copied });
      await showOriginal(held, row, source);
      return id;
    },
  };
}

async function findRaw(trx: Transaction, contentId: string): Promise<string | undefined> {
  const content = await messageTables(trx)
    .selectFrom("mail_content")
    .select("raw_sha256")
    .where("id", "=", contentId)
    .executeTakeFirst();
  return content?.raw_sha256 ?? undefined;
}

/** A second content that says the same. */
export const copyContent = (trx: Transaction, from: string, to: string) =>
  sql`
    insert into mail_content (id, message_id, in_reply_to, refs, subject, people, sent_at, snippet, body_text, words, body_html, is_cut,
      has_remote, authenticity, extras)
    select ${to}, message_id, in_reply_to, refs, subject, people, sent_at, snippet, body_text, words, body_html, is_cut, has_remote,
      authenticity, extras
    from mail_content where id = ${from}`.execute(trx);

/** Whatever a client put into the draft: what went out is the original. */
const showOriginal = (trx: Transaction, { content_id }: LeavingRow, source: DraftSource) =>
  sql`
    update mail_content set subject = original.subject, snippet = original.snippet, body_text = original.body_text,
      words = ts_filter(original.words, '{A,D}') || ts_filter(mail_content.words, '{B,C}'), body_html = original.body_html, is_cut = original.is_cut, has_remote = original.has_remote
    from mail_content original where mail_content.id = ${content_id} and original.id = ${source.content_id}`.execute(
    trx,
  );

const sourceGone = () =>
  new DomainError("notFound", "The message that was to be sent on is gone.", { reason: "send.sourceGone" });
