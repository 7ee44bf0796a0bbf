import { sql, type RawBuilder, type SqlBool } from "kysely";
import { folderRoles, type MailSearch, type MailSearchTerm, type MailState, type MailThing } from "@kontor/shared/mail";

type Condition = RawBuilder<SqlBool>;

/**
 * What was asked for as SQL about `m` (mail_message) and `c` (mail_content). Words are looked up in `c.words` (0100_mail.sql); the
 * same configurations take apart what is asked and what is stored, so they agree about what a word is.
 */
export function searchToSql({ terms }: MailSearch, { userId }: { readonly userId: string }): readonly Condition[] {
  const asked = terms.map((term) => {
    const condition = termToSql(term, userId);
    return term.not ? sql<SqlBool>`(${condition}) is not true` : sql<SqlBool>`(${condition})`;
  });
  return looksInTrash(terms) ? asked : [...asked, outsideTrash];
}

/** Trash and junk are searched by whoever says so. */
const looksInTrash = (terms: readonly MailSearchTerm[]): boolean =>
  terms.some((term) => term.kind === "in" && (term.folder === "trash" || term.folder === "junk") && !term.not);

const outsideTrash = sql<SqlBool>`m.trashed_at is null and not exists (
  select from mail_folder f where f.id = m.folder_id and f.role in ('trash', 'junk'))`;

function termToSql(term: MailSearchTerm, userId: string): Condition {
  switch (term.kind) {
    case "text":
      return sql<SqlBool>`c.words @@ (${wordsIn("russian", term)} || ${wordsIn("simple", term)})`;
    case "subject":
      return sql<SqlBool>`c.words @@ ${wordsIn("russian", term, "A")}`;
    case "from":
      return sql<SqlBool>`c.words @@ ${wordsIn("simple", term, "B")}`;
    case "to":
      return sql<SqlBool>`c.words @@ ${wordsIn("simple", term, "C")}`;
    case "file":
      return fileWhere(sql`strpos(lower(name), ${term.text.toLowerCase()}) > 0`);
    case "type":
      return fileWhere(sql`right(lower(name), ${term.ending.length + 1}::int) = ${`.${term.ending}`}`);
    case "in":
      return inFolder(term.folder);
    case "is":
      return isState(term.state, userId);
    case "has":
      return hasThing(term.what);
    case "label":
      return sql<SqlBool>`exists (select from unnest(m.labels) as label where lower(label) = ${term.label})`;
    case "before":
      return sql<SqlBool>`m.received_at < ${new Date(term.at).toISOString()}`;
    case "after":
      return sql<SqlBool>`m.received_at >= ${new Date(term.at).toISOString()}`;
    case "larger":
      return sql<SqlBool>`c.raw_size > ${term.bytes}`;
    case "smaller":
      return sql<SqlBool>`c.raw_size < ${term.bytes}`;
  }
}

/* ---------- words ---------- */

interface Said {
  readonly text: string;
  readonly prefix: boolean;
}

/**
 * What was said, as words in their order (a phrase in quotes, for PostgreSQL), of the weight that stands for a field. Everything that
 * is no letter and no digit is a gap, as in `mail_words`. Of nothing but stop words nothing is left, and nothing is found.
 */
function wordsIn(configuration: "russian" | "simple", { text, prefix }: Said, weight = ""): RawBuilder<unknown> {
  const said = text
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .replaceAll("ё", "е")
    .replaceAll("Ё", "Е")
    .trim();
  const marks = `${prefix ? "*" : ""}${weight}`;
  return sql`to_tsquery(${sql.lit(configuration)}, ${`'${said}'${marks === "" ? "" : `:${marks}`}`})`;
}

/* ---------- everything else ---------- */

const fileWhere = (condition: RawBuilder<unknown>): Condition =>
  sql<SqlBool>`exists (
    select from file where file.mail_content_id = m.content_id and deleted_at is null and not inline and ${condition})`;

function inFolder(folder: string): Condition {
  if (folder === "snoozed") return sql<SqlBool>`m.snoozed_until is not null`;
  const isRole = (folderRoles as readonly string[]).includes(folder);
  return isRole
    ? sql<SqlBool>`exists (select from mail_folder f where f.id = m.folder_id and f.role = ${folder})`
    : sql<SqlBool>`exists (select from mail_folder f where f.id = m.folder_id and lower(f.name) = ${folder})`;
}

function isState(state: MailState, userId: string): Condition {
  switch (state) {
    case "unread":
      return sql<SqlBool>`not m.seen`;
    case "read":
      return sql<SqlBool>`m.seen`;
    case "flagged":
      return sql<SqlBool>`m.flagged`;
    case "answered":
      return sql<SqlBool>`m.answered`;
    case "forwarded":
      return sql<SqlBool>`m.forwarded`;
    case "draft":
      return sql<SqlBool>`m.send_state in ('draft', 'failed')`;
    case "sent":
      return sql<SqlBool>`m.send_state in ('sending', 'sent')`;
    case "snoozed":
      return sql<SqlBool>`m.snoozed_until is not null`;
    case "internal":
      return sql<SqlBool>`c.authenticity->>'internal' = 'true'`;
    case "external":
      return sql<SqlBool>`c.authenticity->>'internal' = 'false'`;
    case "mine":
      return sql<SqlBool>`m.assignee_id = ${userId}`;
  }
}

function hasThing(what: MailThing): Condition {
  switch (what) {
    case "attachment":
      return fileWhere(sql`true`);
    case "record":
      return sql<SqlBool>`exists (
        select from mail_link l where l.thread_id = m.thread_id and (l.message_id is null or l.message_id = m.id))`;
    case "card":
      return sql<SqlBool>`jsonb_array_length(coalesce(c.extras->'cards', '[]')) > 0`;
    case "followUp":
      return sql<SqlBool>`m.follow_up_at is not null`;
    case "assignee":
      return sql<SqlBool>`m.assignee_id is not null`;
  }
}
