import { sql, type RawBuilder, type SqlBool } from "kysely";
import {
  asksForHidden,
  type MailSearch,
  type MailSearchTerm,
  type MailState,
  type MailThing,
} from "@kontor/shared/mail";

import { stemOf, wordsOf } from "@kontor/shared/text";
import { wordWeights, type WordWeight } from "./messageWords.ts";

type Condition = RawBuilder<SqlBool>;

/**
 * What was asked for as SQL about `m` (mail_message) and `c` (mail_content). Words are looked up in `c.words`.
 */
export function searchToSql(search: MailSearch, { userId }: { readonly userId: string }): readonly Condition[] {
  const asked = search.terms.map((term) => {
    const condition = termToSql(term, userId);
    return term.not ? sql<SqlBool>`(${condition}) is not true` : sql<SqlBool>`(${condition})`;
  });
  return asksForHidden(search) ? asked : [...asked, outsideTrash];
}

const outsideTrash = sql<SqlBool>`m.trashed_at is null and not exists (
  select from mail_folder f where f.id = m.folder_id and f.role in ('trash', 'junk'))`;

function termToSql(term: MailSearchTerm, userId: string): Condition {
  switch (term.kind) {
    case "text":
      return hasWords(term);
    case "subject":
    case "from":
    case "to":
      return hasWords(term, wordWeights[term.kind]);
    case "file":
      return fileWhere(sql`strpos(lower(name), ${term.text.toLowerCase()}) > 0`);
    case "type":
      return fileWhere(
        term.prefix
          ? sql`name like '%.%' and substring(lower(name) from '[^.]*$') like ${`${likeable(term.ending)}%`}`
          : sql`right(lower(name), ${term.ending.length + 1}::int) = ${`.${term.ending}`}`,
      );
    case "in":
      return inFolder(term);
    case "is":
      return isState(term.state, userId);
    case "has":
      return hasThing(term.what);
    case "label":
      return sql<SqlBool>`exists (select from unnest(m.labels) as label where lower(label) ${saidAs(term.label, term.prefix)})`;
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
 * What was said, as words in their order, taken apart as in `messageWords`. In any inflection; the last word may be a
 * beginning, as it is written.
 */
function hasWords({ text, prefix }: Said, weight?: WordWeight): Condition {
  const words = wordsOf(text);
  const marked = (lexeme: string, marks = "") =>
    weight || marks ? `'${lexeme}':${marks}${weight ?? ""}` : `'${lexeme}'`;
  const query = words.map((word, at) => {
    const stem = marked(stemOf(word));
    return prefix && at === words.length - 1 ? `(${stem} | ${marked(word, "*")})` : stem;
  });
  return sql<SqlBool>`c.words @@ ${query.join(" <-> ")}::tsquery`;
}

/* ---------- everything else ---------- */

const fileWhere = (condition: RawBuilder<unknown>): Condition =>
  sql<SqlBool>`exists (
    select from file where file.mail_content_id = m.content_id and deleted_at is null and not inline and ${condition})`;

function inFolder({ folder, prefix, roles }: Extract<MailSearchTerm, { kind: "in" }>): Condition {
  const isNamed = folder === undefined ? sql`false` : sql`lower(f.name) ${saidAs(folder, prefix)}`;
  const isThere = sql<SqlBool>`exists (
    select from mail_folder f where f.id = m.folder_id and (f.role = any(${roles}::text[]) or ${isNamed}))`;
  if (roles.includes("snoozed")) return sql<SqlBool>`(m.snoozed_until is not null or ${isThere})`;
  // Folders that were thrown away lie in the trash with everything in them, and keep their own roles and names.
  return roles.includes("trash") ? sql<SqlBool>`(m.trashed_at is not null or ${isThere})` : isThere;
}

/** Equal to what was said, or beginning with it. */
const saidAs = (said: string, prefix: boolean): RawBuilder<unknown> =>
  prefix ? sql`like ${`${likeable(said)}%`}` : sql`= ${said}`;
const likeable = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

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
