import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { sql } from "kysely";
import { canonicalJson, newId, type Json } from "@kontor/shared/base";
import type { Authenticity } from "@kontor/shared/mail";
import { noteBlobs, type BlobStore } from "#files";
import type { Transaction } from "#kernel";
import type { ParsedMessage } from "../mime/parsedMessage.ts";
import { messageWords } from "../search/messageWords.ts";
import { messageTables } from "./messages.repo.ts";

/** A body that is in the blob store already. */
export interface StoredBody {
  readonly sha256: string;
  readonly size: number;
}

export interface ReadMessage {
  readonly parsed: ParsedMessage;
  /** The message byte for byte; it is in the blob store before anybody is told that it was taken. */
  readonly raw: StoredBody;
  readonly authenticity: Authenticity;
  /** Stands in for a date that the message lacks. */
  readonly receivedAt: string;
}

/** With its attachments in the blob store, by `keepAttachments`. */
export interface ContentToStore extends ReadMessage {
  readonly bodies: readonly StoredBody[];
  /** Of one that is too large to be kept whole, and of which `raw` is the beginning: how large it is. */
  readonly wholeBytes?: number;
}

/** An attachment as a row of `file`. */
export interface ContentFile extends StoredBody {
  readonly id: string;
  readonly mail_content_id: string;
  readonly name: string;
  readonly mime: string;
  readonly content_id: string | null;
  readonly inline: boolean;
  readonly part_position: number;
  readonly created_at: string;
  readonly created_by: string | null;
}

export interface ContentDeps {
  /** Rows for bodies that are stored already, and their previews. */
  keepFiles(trx: Transaction, files: readonly ContentFile[]): Promise<unknown>;
}

/** Puts the bodies of attachments into the blob store; before the transaction, which must not wait for a disk or a far store. */
export async function keepAttachments(
  blobs: Pick<BlobStore, "put">,
  { attachments }: Pick<ParsedMessage, "attachments">,
): Promise<readonly StoredBody[]> {
  const bodies: StoredBody[] = [];
  for (const { bytes } of attachments) {
    const body = { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
    await blobs.put(Readable.from([bytes]), body);
    bodies.push(body);
  }
  return bodies;
}

/** First part of the advisory lock's key ("mcon" in ASCII); the second is the hash of the raw message. */
const LOCK = 0x6d636f6e;

/**
 * Writes what messages say, each once: the same bytes with the same verdicts are the same content, and two transactions that
 * bring them at once make one. Verdicts belong to it, because bytes of a message from inside that somebody sends in again from
 * outside must not pass for one from inside. Returns the contents' ids, in the order given.
 */
export async function storeContents(
  trx: Transaction,
  deps: ContentDeps,
  contents: readonly ContentToStore[],
): Promise<readonly string[]> {
  if (contents.length === 0) return [];
  // In one order for everybody, so that two that bring the same messages wait for each other and do not stop each other.
  await sql`select pg_advisory_xact_lock(${LOCK}, key) from (
    select distinct hashtext(hash) as key from unnest(${contents.map(({ raw }) => raw.sha256)}::text[]) as hash order by 1
  ) as keys`.execute(trx);
  const ids = await findStored(trx, contents);
  const made = new Map<string, ContentToStore>();
  for (const content of contents) {
    const key = keyOf(content.raw.sha256, content.authenticity);
    if (ids.has(key)) continue;
    const id = newId();
    ids.set(key, id);
    made.set(id, content);
  }
  await insertContents(trx, deps, made);
  return contents.map((content) => ids.get(keyOf(content.raw.sha256, content.authenticity)) ?? "");
}

export async function storeContent(trx: Transaction, deps: ContentDeps, content: ContentToStore): Promise<string> {
  const [id] = await storeContents(trx, deps, [content]);
  if (id === undefined) throw new Error("a content was not stored");
  return id;
}

const keyOf = (sha256: string, authenticity: Authenticity): string =>
  `${sha256} ${canonicalJson(storable(authenticity as unknown as Json))}`;

async function findStored(trx: Transaction, contents: readonly ContentToStore[]): Promise<Map<string, string>> {
  const rows = await messageTables(trx)
    .selectFrom("mail_content")
    .select(["id", "raw_sha256", "authenticity"])
    .where(
      "raw_sha256",
      "in",
      contents.map(({ raw }) => raw.sha256),
    )
    // Held, so that no sweep drops one that lies nowhere before this transaction has placed it.
    .forKeyShare()
    .execute();
  return new Map(rows.map((row) => [keyOf(row.raw_sha256 ?? "", row.authenticity), row.id]));
}

async function insertContents(
  trx: Transaction,
  deps: ContentDeps,
  made: ReadonlyMap<string, ContentToStore>,
): Promise<void> {
  if (made.size === 0) return;
  await noteBlobs(
    trx,
    [...made.values()].map(({ raw }) => raw),
  );
  await insertRows(
    trx,
    [...made].map(([id, { parsed, raw, wholeBytes, authenticity, receivedAt }]) => ({
      id,
      raw_sha256: raw.sha256,
      raw_size: wholeBytes ?? raw.size,
      message_id: storableText(parsed.messageId),
      in_reply_to: parsed.inReplyTo.map(storableText),
      refs: parsed.refs.map(storableText),
      subject: storableText(parsed.subject),
      people: storable(parsed.people as unknown as Json),
      sent_at: parsed.sentAt ?? receivedAt,
      snippet: storableText(parsed.snippet),
      body_text: storableText(parsed.text),
      words: messageWords(parsed),
      body_html: parsed.html === undefined ? null : storableText(parsed.html),
      is_cut: parsed.isCut,
      has_remote: parsed.hasRemote,
      authenticity: storable(authenticity as unknown as Json),
      extras: storable(parsed.extras as unknown as Json),
    })),
  );
  const files = [...made].flatMap(([id, content]) => filesOf(id, content));
  if (files.length > 0) await deps.keepFiles(trx, files);
}

/** One parameter however many rows: with a value each, writing the statement would take longer than reading the messages' headers. */
const insertRows = (trx: Transaction, rows: readonly { readonly [column: string]: Json }[]) =>
  sql`insert into mail_content (id, raw_sha256, raw_size, message_id, in_reply_to, refs, subject, people, sent_at, snippet,
      body_text, words, body_html, is_cut, has_remote, authenticity, extras)
    select * from json_to_recordset(${JSON.stringify(rows)}::json) as made (id uuid, raw_sha256 text, raw_size bigint,
      message_id text, in_reply_to text[], refs text[], subject text, people jsonb, sent_at timestamptz, snippet text,
      body_text text, words tsvector, body_html text, is_cut boolean, has_remote boolean, authenticity jsonb, extras jsonb)`.execute(
    trx,
  );

export const filesOf = (contentId: string, { parsed, bodies, receivedAt }: ContentToStore): readonly ContentFile[] =>
  parsed.attachments.map(({ name, mime, cid, inline }, position) => {
    const body = bodies[position];
    if (!body) throw new Error("an attachment's body was not kept");
    return {
      ...body,
      id: newId(),
      mail_content_id: contentId,
      name: storableText(name),
      mime: storableText(mime),
      content_id: cid === undefined ? null : storableText(cid),
      inline,
      part_position: position,
      created_at: receivedAt,
      created_by: null,
    };
  });

/**
 * PostgreSQL holds neither NUL nor half a surrogate pair. Reading a message takes care of that; were it to forget one place, the
 * message would be refused by the database for ever.
 */
// oxlint-disable-next-line no-control-regex -- naming the character is the point
const storableText = (text: string): string => text.replaceAll("\u0000", "").toWellFormed();

function storable(value: Json): Json {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, storable(inner as Json)]));
}
