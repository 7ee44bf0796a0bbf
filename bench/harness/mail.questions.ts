/**
 * What people look for in mail, each question in the language of the desktop and in that of notmuch. Only what both mean alike is asked: the
 * beginning of a word is one that is no whole word's stem, or one that is longer than the stem; moments are whole days of UTC; and in a subject
 * a word is asked for that has one form only (notmuch knows no others there).
 */
import { stemOf } from "@kontor/shared/text";
import { letterAt, letterOf, personOf, wordOfRank } from "./mail.archive.ts";
import { randomFrom } from "./random.ts";

export interface Question {
  readonly kind: string;
  readonly kontor: string;
  readonly notmuch: string;
}

/** From words in nearly every message to words in a handful, as people search. */
const RANKS = [5, 20, 60, 150, 400, 900, 2_000, 5_000, 12_000];
const DAY_MS = 86_400_000;

export function questionsAbout(letters: number): readonly Question[] {
  const random = randomFrom(99);
  const below = (count: number) => Math.floor(random() * count);
  const near = (rank: number) => wordOfRank(rank + below(Math.ceil(rank / 10) + 1));
  const some = () => near(RANKS[below(RANKS.length)] ?? 5);
  const rare = () => near(RANKS[4 + below(5)] ?? 400);
  const formless = () => {
    for (;;) {
      const word = some();
      if (/^\p{Script=Cyrillic}+$/u.test(word)) return word;
    }
  };
  /** A stem that is written with an ending, too. */
  const inflected = () => {
    for (;;) {
      const stem = some().slice(0, 5);
      if (/^[a-z]{5}$/.test(stem) && stemOf(`${stem}ing`) === stem) return stem;
    }
  };
  /** A space after the last word says that it is whole; without it, it is still being typed. */
  const same = (kind: string, text: string): Question => ({ kind, kontor: `${text} `, notmuch: text });
  const day = () => {
    const at = Math.floor(letterAt(below(letters)) / DAY_MS) * DAY_MS;
    return { iso: new Date(at).toISOString().slice(0, 10), seconds: at / 1_000 };
  };
  const before = (kind: string, what: string): Question => {
    const { iso, seconds } = day();
    return { kind, kontor: `before:${iso} ${what} `, notmuch: `date:@0..@${seconds - 1} ${what}` };
  };
  const phrase = (length: number): string => {
    const words = letterOf(below(letters)).body.text.split(".")[0]?.split(" ") ?? [];
    const from = below(Math.max(1, words.length - length));
    return `"${words.slice(from, from + length).join(" ")}"`;
  };
  const person = () => personOf(below(120));

  const makers: readonly ((at: number) => Question)[] = [
    (at) => same("word", near(RANKS[at % RANKS.length] ?? 5)),
    (at) => same("word", near(RANKS[(at + 4) % RANKS.length] ?? 5)),
    () => same("words", `${some()} ${some()}`),
    () => same("words", `${rare()} ${some()} ${some()}`),
    () => same("phrase", phrase(2)),
    () => same("phrase", phrase(3)),
    (at) => beginning(at % 2 === 0 ? some() : rare(), 3 + (at % 3)),
    (at) => beginning(at % 2 === 0 ? some() : rare(), 3 + (at % 2), `${some()} `),
    () => beyondStem(inflected()),
    () => beyondStem(inflected(), `${some()} `),
    () => same("from", `from:${person().name.split(" ")[0]?.toLowerCase()}`),
    () => same("from", `from:${person().address}`),
    () => same("from", `from:"${person().name}" ${some()}`),
    () => same("to", `to:${person().name.split(" ")[1]?.toLowerCase()}`),
    () => same("subject", `subject:${formless()}`),
    () => same("subject", `subject:${formless()} from:${person().name.split(" ")[0]?.toLowerCase()}`),
    () => ({ ...attached(some()), kind: "attachment" }),
    () => ({ ...attached(`from:${person().name.split(" ")[0]?.toLowerCase()}`), kind: "attachment" }),
    () => before("before", some()),
    () => before("before", `from:${person().name.split(" ")[0]?.toLowerCase()}`),
    () => before("before", rare()),
    () => same("not", `${some()} -${some()}`),
    () => {
      const text = `from:${person().name.split(" ")[0]?.toLowerCase()}`;
      return { kind: "unread", kontor: `is:unread ${text} `, notmuch: `tag:unread ${text}` };
    },
    () => same("nothing", `zz${below(1_000)}nobodywrote`),
  ];
  const perMaker = 9;
  return Array.from({ length: perMaker }, (_, at) => makers.map((make) => make(at))).flat();
}

const attached = (what: string): Question => ({
  kind: "attachment",
  kontor: `has:attachment ${what} `,
  notmuch: `tag:attachment ${what}`,
});

/** What somebody has typed of a word. */
function beginning(word: string, length: number, before = ""): Question {
  const typed = Array.from({ length: 4 }, (_, more) => word.slice(0, length + more)).find(
    (part) => stemOf(part) === part && part.length < word.length,
  );
  const text = `${before}${typed ?? word.slice(0, 2)}`;
  return { kind: "beginning", kontor: text, notmuch: `${text}*` };
}

/** What somebody has typed of a word when its stem lies behind them: found is what the whole word finds. */
const beyondStem = (stem: string, before = ""): Question => ({
  kind: "beginning beyond the stem",
  kontor: `${before}${stem}in`,
  notmuch: `${before}(${stem}in* or ${stem}ing)`,
});
