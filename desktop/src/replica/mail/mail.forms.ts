import type { ReplicaFile } from "#replica/storage";

/**
 * How words are written whose stem is not their beginning for ever: "meeting" stands in the index as "meet", and is to be
 * found by "meetin". One row for each such word of all messages together, found by the stem that it has:
 *
 *   mail_form   shared, word, stem   `shared` is how many letters word and stem begin with alike
 *
 * Whatever somebody has typed finds stems that begin so in the index itself; of the forms only those are needed whose stem
 * does not (`shared` is less than what was typed), which are a handful. Refused: the words beside the stems in the index,
 * which hold every message's text once more.
 *
 * FRM-1  a form goes with the last message that has its stem, so that of a message that is lost no word stays.
 */
export interface MailForms {
  /** Notes how words are written, each with its stem. */
  learn(forms: ReadonlyMap<string, string>): void;
  /** Stems of the words that begin so, without those stems that begin so themselves. */
  stemsOf(beginning: string): readonly string[];
  /** Takes messages out of the index of words. */
  unindex(sids: readonly number[]): void;
  /** All of them. */
  clear(): void;
}

export const FORM_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS mail_form(shared INTEGER NOT NULL, word TEXT NOT NULL, stem TEXT NOT NULL,
    PRIMARY KEY(shared, word)) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS mail_form_stem ON mail_form(stem)",
];

/** More stems than a beginning has that is longer than they are; a query does not grow without end. */
const MAX_STEMS = 64;
const LAST = "\u{10FFFF}";
/** Of one language and some; looking all words of a batch up in the table takes as long as indexing them. */
const MAX_REMEMBERED = 50_000;

export function createMailForms(file: ReplicaFile): MailForms {
  /** Words that the table has for certain. */
  const known = new Set<string>();
  return {
    learn(forms) {
      const rows = [...forms]
        .filter(([word]) => !known.has(word))
        .map(([word, stem]) => [sharedLength(word, stem), word, stem]);
      if (rows.length === 0) return;
      file.run(
        `INSERT OR IGNORE INTO mail_form(shared, word, stem)
         SELECT value->>0, value->>1, value->>2 FROM json_each(?)`,
        [JSON.stringify(rows)],
      );
      file.afterCommit(() => {
        if (known.size > MAX_REMEMBERED) known.clear();
        for (const word of forms.keys()) known.add(word);
      });
    },
    stemsOf: (beginning) =>
      file
        .all(
          `SELECT DISTINCT stem FROM mail_form WHERE shared IN (SELECT value FROM json_each(?)) AND word >= ? AND word < ?
           LIMIT ?`,
          [JSON.stringify([...beginning].map((_, shared) => shared)), beginning, beginning + LAST, MAX_STEMS],
        )
        .map(([stem]) => String(stem)),
    unindex(sids) {
      const list = JSON.stringify(sids);
      const lost = file.all("SELECT words FROM mail_fts WHERE rowid IN (SELECT value FROM json_each(?))", [list]);
      if (lost.length === 0) return;
      file.run("DELETE FROM mail_fts WHERE rowid IN (SELECT value FROM json_each(?))", [list]);
      dropForms(new Set(lost.flatMap(([words]) => String(words).split(" "))));
    },
    clear() {
      known.clear();
      file.run("DELETE FROM mail_fts");
      file.run("DELETE FROM mail_form");
    },
  };

  /** Of these stems, which messages lost, those that no other message has. */
  function dropForms(stems: ReadonlySet<string>): void {
    const formed = file.all("SELECT DISTINCT stem FROM mail_form WHERE stem IN (SELECT value FROM json_each(?))", [
      JSON.stringify([...stems]),
    ]);
    for (const [stem] of formed) {
      if (file.all("SELECT 1 FROM mail_fts WHERE mail_fts MATCH ? LIMIT 1", [`"${String(stem)}"`]).length > 0) continue;
      file.run("DELETE FROM mail_form WHERE stem=?", [String(stem)]);
      known.clear();
    }
  }
}

function sharedLength(word: string, stem: string): number {
  const [written, stemmed] = [[...word], [...stem]];
  const differs = written.findIndex((letter, at) => letter !== stemmed[at]);
  return differs < 0 ? written.length : differs;
}
