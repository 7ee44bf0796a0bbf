import type { ReplicaBody, ReplicaMessage } from "#contract";
import {
  asksForHidden,
  type MailSearch,
  type MailSearchTerm,
  type MailState,
  type MailThing,
  type TextField,
} from "@kontor/shared/mail";
import { wordsOf } from "@kontor/shared/text";
import type { ReplicaFile } from "#replica/storage";
import { MAIL_WORDS_VERSION, mailWords } from "./mail.entry.ts";
import type { MailForms } from "./mail.forms.ts";
import { matchOf } from "./mail.match.ts";
import { BITS, HIDDEN_ROLES, roleCode, sidOf } from "./mail.tables.ts";

/**
 * Words of messages and bodies in one index, filled by a lane of its own from the newest message down, so that what is
 * looked for most is found first. The feed never waits for it.
 *
 * The index holds stems alone: a phrase that it finds is compared with the real text afterwards, and for a beginning it is
 * asked for the stems of all words that begin so (`mail.forms.ts`). Refused: the words beside the stems as for records,
 * because the texts of 300,000 messages would be kept three times.
 */
export interface MailSearcher {
  search(query: MailSearch, page: { readonly limit: number; readonly skip: number }): MailFound;
  /** Starts the lane when it rests. */
  wake(): void;
  isComplete(): boolean;
  /** Resolves when everything written so far can be found. */
  settled(): Promise<void>;
}

export interface MailFound {
  /** The newest first. */
  readonly ids: readonly string[];
  readonly complete: boolean;
  readonly more: boolean;
}

export interface MailSearchDeps {
  readonly file: ReplicaFile;
  readonly forms: MailForms;
  messagesOf(ids: readonly string[]): readonly ReplicaMessage[];
  bodiesOf(ids: readonly string[]): readonly ReplicaBody[];
  /** Ids of folders with this name, in lower case, or with one that begins so. */
  foldersNamed(name: string, prefix: boolean): readonly string[];
  /** Ids of folders that lie in the trash, at any depth. */
  foldersInTrash(): readonly string[];
  /** Threads that are linked to a record. */
  linkedThreads(): readonly string[];
  isOpen(): boolean;
}

/** About 30 ms of work, after which whoever waits is answered. */
const MESSAGES_PER_BATCH = 200;
const CHARS_PER_BATCH = 300_000;
/** Candidates compared with their real text at a time; most of them hold. */
const CANDIDATES = 200;

export function openMailSearch({
  file,
  messagesOf,
  bodiesOf,
  foldersInTrash,
  foldersNamed,
  forms,
  isOpen,
  linkedThreads,
}: MailSearchDeps): MailSearcher {
  let lane: Promise<void> | undefined;
  let failure: unknown;

  if (file.meta.get("mailWords") !== MAIL_WORDS_VERSION)
    file.transaction(() => {
      forms.clear();
      file.run("INSERT OR IGNORE INTO mail_unindexed(sid) SELECT sid FROM mail_message");
      file.meta.set("mailWords", MAIL_WORDS_VERSION);
    });

  /* ---------- the lane ---------- */

  function wake(): void {
    lane ??= work()
      .then(
        () => (failure = undefined),
        (error: unknown) => (failure = error), // nobody waits for the lane; the next write tries again
      )
      .then(() => (lane = undefined));
  }

  async function work(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => void setImmediate(resolve));
      if (!isOpen() || !indexBatch()) return;
    }
  }

  /** True while there is more to do. */
  function indexBatch(): boolean {
    return file.transaction(() => {
      const rows = file.all(
        `SELECT u.sid, m.id FROM mail_unindexed u JOIN mail_message m ON m.sid=u.sid ORDER BY u.sid DESC LIMIT ?`,
        [MESSAGES_PER_BATCH],
      );
      const ids = rows.map(([, id]) => String(id));
      const messages = new Map(messagesOf(ids).map((message) => [message.id, message]));
      const texts = new Map(bodiesOf(ids).map(({ id, text }) => [id, text]));
      const written = new Map<string, string>();
      let chars = 0;
      for (const [sid, id] of rows) {
        if (chars > CHARS_PER_BATCH) break;
        const message = messages.get(String(id));
        const text = texts.get(String(id)) ?? "";
        if (message) {
          const words = mailWords(message, text);
          file.run("INSERT INTO mail_fts(rowid, words) VALUES (?,?)", [Number(sid), words.stems]);
          for (const [word, stem] of words.forms) written.set(word, stem);
        }
        file.run("DELETE FROM mail_unindexed WHERE sid=?", [Number(sid)]);
        chars += text.length;
      }
      forms.learn(written);
      return rows.length > 0;
    });
  }

  const isComplete = (): boolean => file.all("SELECT 1 FROM mail_unindexed LIMIT 1").length === 0;

  /* ---------- answers ---------- */

  function search(query: MailSearch, { limit, skip }: { readonly limit: number; readonly skip: number }): MailFound {
    const complete = isComplete();
    const plan = planOf(query);
    if (!plan) return { ids: [], complete, more: false };
    const wanted = skip + limit + 1;
    const ids: string[] = [];
    let below: number | undefined;
    while (ids.length < wanted) {
      // Most candidates hold: as many as are wanted are mostly enough.
      const asked = below === undefined ? Math.min(wanted, CANDIDATES) : CANDIDATES;
      const candidates = candidatesOf(plan, below, asked);
      ids.push(
        ...holding(
          candidates.map(({ id }) => id),
          plan.checks,
        ),
      );
      if (candidates.length < asked) break;
      below = candidates.at(-1)?.sid;
    }
    return { ids: ids.slice(skip, skip + limit), complete, more: ids.length > skip + limit };
  }

  /** The newest of those that are older than `below`. */
  function candidatesOf({ from, key, where }: Plan, below: number | undefined, limit: number) {
    const all = below === undefined ? where : [...where, keyRange(key, "<", below)];
    const conditions = all.map(({ sql }) => `(${sql})`).join(" AND ") || "1";
    return file
      .all(`SELECT m.id, m.sid FROM ${from} WHERE ${conditions} ORDER BY ${key} DESC LIMIT ?`, [
        ...all.flatMap(({ params }) => params),
        limit,
      ])
      .map(([id, sid]) => ({ id: String(id), sid: Number(sid) }));
  }

  /** What no table says is read from the rows themselves. */
  function holding(ids: readonly string[], checks: readonly Check[]): readonly string[] {
    if (checks.length === 0 || ids.length === 0) return ids;
    const messages = new Map(messagesOf(ids).map((message) => [message.id, message]));
    const needsBody = checks.some(({ needsBody }) => needsBody);
    const bodies = new Map(needsBody ? bodiesOf(ids).map(({ id, text }) => [id, text]) : []);
    return ids.filter((id) => {
      const message = messages.get(id);
      return message !== undefined && checks.every((check) => check.holds(message, bodies.get(id) ?? ""));
    });
  }

  function planOf(query: MailSearch): Plan | undefined {
    const { terms } = query;
    if (terms.length === 0) return undefined;
    const wanted: string[] = [];
    const unwanted: string[] = [];
    for (const term of terms) {
      const match = matchOf(term, forms);
      if (match) (term.not ? unwanted : wanted).push(match);
    }
    // In the order of the index that drives the look, so that it begins with a moment and ends with the page.
    const isByWords = wanted.length > 0;
    const key = isByWords ? "mail_fts.rowid" : "m.sid";
    const where: Where[] = [];
    const checks: Check[] = [];
    for (const term of terms) {
      const check = checkOf(term);
      if (check) checks.push(check);
      const condition = conditionOf(term, key);
      if (condition) where.push(term.not ? { ...condition, sql: `NOT (${condition.sql})` } : condition);
    }
    // An index finds what is there. What must not be there alone is looked for among everything.
    if (isByWords) {
      const without = unwanted.length > 0 ? ` NOT (${unwanted.join(" OR ")})` : "";
      where.push({ sql: "mail_fts MATCH ?", params: [`(${wanted.join(" AND ")})${without}`] });
    } else if (unwanted.length > 0) {
      const sql = "m.sid NOT IN (SELECT rowid FROM mail_fts WHERE mail_fts MATCH ?)";
      where.push({ sql, params: [unwanted.join(" OR ")] });
    }
    if (!asksForHidden(query)) where.push(...outsideTrash());
    const from = isByWords ? "mail_fts CROSS JOIN mail_message m ON m.sid = mail_fts.rowid" : "mail_message m";
    return { from, key, where, checks };
  }

  function conditionOf(term: MailSearchTerm, key: string): Where | undefined {
    switch (term.kind) {
      case "in":
        return inFolder(term);
      case "is":
        return stateSql[term.state];
      case "has":
        return term.what === "record"
          ? { sql: "m.thread IN (SELECT value FROM json_each(?))", params: [JSON.stringify(linkedThreads())] }
          : thingSql[term.what];
      case "label":
        return term.not ? undefined : withBit(BITS.labelled);
      case "larger":
        return { sql: "m.bytes > ?", params: [term.bytes] };
      case "smaller":
        return { sql: "m.bytes < ?", params: [term.bytes] };
      case "before":
        return keyRange(key, "<", sidOf(term.at));
      case "after":
        return keyRange(key, ">=", sidOf(term.at));
      default:
        return undefined;
    }
  }

  function outsideTrash(): readonly Where[] {
    const outside = plain(`m.role NOT IN (${HIDDEN_ROLES.join()})`);
    const within = foldersInTrash();
    return within.length === 0 ? [outside] : [outside, { ...inPlaces(within), sql: `NOT (${IN_PLACES})` }];
  }

  function inFolder({ folder, prefix, roles }: Extract<MailSearchTerm, { kind: "in" }>): Where {
    const places = `m.role IN (${roles.map(roleCode).join()})`;
    const named = folder === undefined ? [] : foldersNamed(folder, prefix);
    const within = roles.includes("trash") ? foldersInTrash() : [];
    if (named.length + within.length === 0) return plain(places);
    return { ...inPlaces([...named, ...within]), sql: `${places} OR ${IN_PLACES}` };
  }

  file.afterCommit(wake);
  return {
    search,
    wake,
    isComplete,
    async settled() {
      while (isOpen() && !isComplete()) {
        wake();
        await lane;
        if (failure !== undefined) throw failure;
      }
    },
  };
}

interface Where {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}
interface Plan {
  readonly from: string;
  /** By which both tables are ordered: a sid. */
  readonly key: string;
  readonly where: readonly Where[];
  readonly checks: readonly Check[];
}
interface Check {
  readonly needsBody: boolean;
  holds(message: ReplicaMessage, body: string): boolean;
}

/** Numbers are bound as floating ones, by which the full-text index cannot begin in its middle: it would read all that is newer. */
const keyRange = (key: string, operator: "<" | ">=", sid: number): Where => ({
  sql: `${key} ${operator} CAST(? AS INTEGER)`,
  params: [sid],
});
const IN_PLACES = "m.place IN (SELECT id FROM mail_place WHERE name IN (SELECT value FROM json_each(?)))";
const inPlaces = (folderIds: readonly string[]): Where => ({ sql: IN_PLACES, params: [JSON.stringify(folderIds)] });
const plain = (sql: string): Where => ({ sql, params: [] });
const withBit = (bit: number): Where => plain(`(m.bits & ${bit}) > 0`);

const stateSql: Readonly<Record<MailState, Where>> = {
  unread: plain("m.unread > 0"),
  read: plain("m.unread = 0"),
  flagged: plain("m.flagged > 0"),
  draft: plain("m.draft > 0"),
  sent: plain(`m.role = ${roleCode("sent")}`),
  snoozed: plain(`m.role = ${roleCode("snoozed")}`),
  mine: plain("m.mine > 0"),
  answered: withBit(BITS.answered),
  forwarded: withBit(BITS.forwarded),
  internal: withBit(BITS.internal),
  external: plain(`(m.bits & ${BITS.internal}) = 0`),
};
const thingSql: Readonly<Record<Exclude<MailThing, "record">, Where>> = {
  attachment: plain("m.files > 0"),
  followUp: plain("m.follow_at IS NOT NULL"),
  card: withBit(BITS.cards),
  assignee: withBit(BITS.assignee),
};

/* ---------- words ---------- */

function checkOf(term: MailSearchTerm): Check | undefined {
  const holds = holdsOf(term);
  if (!holds) return undefined;
  const needsBody = term.kind === "text";
  return { needsBody, holds: (message, body) => holds(message, body) !== term.not };
}

type Holds = Check["holds"];

function holdsOf(term: MailSearchTerm): Holds | undefined {
  switch (term.kind) {
    case "text":
    case "from":
    case "to":
    case "subject":
    case "file":
      // What is excluded by its stem is excluded in all its forms; only a phrase is compared word for word.
      return term.phrase && !term.not ? phraseIn(term) : undefined;
    case "label":
      return ({ labels }) => labels.some((label) => isSaid(label.toLowerCase(), term.label, term.prefix));
    // One that must not have it was left out by the index already, with some that only have the word in a name.
    case "type":
      return ({ attachments }) => attachments.some(({ name }) => hasEnding(name.toLowerCase(), term));
    default:
      return undefined;
  }
}

const isSaid = (text: string, said: string, prefix: boolean): boolean =>
  prefix ? text.startsWith(said) : text === said;

const hasEnding = (name: string, { ending, prefix }: { readonly ending: string; readonly prefix: boolean }): boolean =>
  prefix ? name.includes(".") && name.slice(name.lastIndexOf(".") + 1).startsWith(ending) : name.endsWith(`.${ending}`);

function phraseIn({ kind, prefix, text: phrase }: Extract<MailSearchTerm, { text: string }>): Holds {
  const wanted = ` ${wordsOf(phrase).join(" ")}${prefix ? "" : " "}`;
  return (message, body) =>
    textsOf(kind, message, body).some((text) => ` ${wordsOf(text).join(" ")} `.includes(wanted));
}

function textsOf(field: "text" | TextField, message: ReplicaMessage, body: string): readonly string[] {
  const people = (list: ReplicaMessage["to"]) => list.map(({ address, name }) => `${name ?? ""} ${address}`);
  const byField: Readonly<Record<TextField, () => readonly string[]>> = {
    from: () => people(message.from),
    to: () => [...people(message.to), ...people(message.cc), ...people(message.bcc ?? [])],
    subject: () => [message.subject],
    file: () => message.attachments.map(({ name }) => name),
  };
  if (field !== "text") return byField[field]();
  return [...Object.values(byField).flatMap((texts) => texts()), message.list?.id ?? "", body];
}
