import type { MailSearchTerm } from "@kontor/shared/mail";
import { normalise, stemOf, wordsOf } from "@kontor/shared/text";
import { fieldMarks } from "./mail.entry.ts";
import type { MailForms } from "./mail.forms.ts";

/** A term as the index knows it; it finds at least what the term means. */
export function matchOf(term: MailSearchTerm, forms: MailForms): string | undefined {
  if (term.kind === "type") return typeMatch(term);
  if (!isText(term)) return undefined;
  const mark = term.kind === "text" ? "" : fieldMarks[term.kind];
  const words = wordsOf(term.text);
  const last = words.at(-1);
  if (last === undefined) return undefined;
  const stems = words.map((word) => mark + stemOf(word));
  if (!term.prefix) return quoted(stems.join(" "));
  const ending = (stem: string) => quoted([...stems.slice(0, -1), mark + stem].join(" "));
  return beginningMatch(last, forms, ending);
}

/** Stems that begin so, and those of words that do; the word may also be whole already. */
function beginningMatch(word: string, forms: MailForms, written: (stem: string) => string): string {
  const stems = new Set([stemOf(word), ...forms.stemsOf(word)]);
  return `(${[`${written(word)} *`, ...[...stems].map(written)].join(" OR ")})`;
}

/** An ending is the last word of a name. */
function typeMatch({ ending, prefix }: Extract<MailSearchTerm, { kind: "type" }>): string | undefined {
  const words = wordsOf(ending);
  if (words.length === 0) return undefined;
  const said = (last: readonly string[]) => quoted(last.map((word) => fieldMarks.file + word).join(" "));
  const whole = said(words.map(stemOf));
  return prefix ? `(${whole} OR ${said(words)} *)` : whole;
}

const isText = (term: MailSearchTerm): term is Extract<MailSearchTerm, { text: string }> => "text" in term;
/** Words are letters and digits by now; the quotes keep AND, OR, NOT and NEAR from being operators. */
const quoted = (text: string): string => `"${text}"`;

/** How people are suggested while a name or an address is typed: a beginning of a word in who wrote or was written to. */
export function peopleQuery(typed: string, forms: MailForms): string | undefined {
  const words = wordsOf(typed);
  if (words.length === 0) return undefined;
  const isBegun = /[\p{L}\p{N}]$/u.test(normalise(typed));
  const of = (mark: string) => {
    const written = (stem: string) => quoted(mark + stem);
    const asked = words.map((word, at) =>
      isBegun && at === words.length - 1
        ? beginningMatch(word, forms, written)
        : `(${written(word)} OR ${written(stemOf(word))})`,
    );
    return `(${asked.join(" AND ")})`;
  };
  return `${of(fieldMarks.from)} OR ${of(fieldMarks.to)}`;
}
