import type { MailAddress } from "@kontor/shared/mail";
import { stemOf, wordsOf } from "@kontor/shared/text";
import type { MessagePeople } from "../mime/parsedMessage.ts";

/** The weights of PostgreSQL that stand for the parts of a message. */
export const wordWeights = { subject: "A", from: "B", to: "C", body: "D" } as const;
export type WordWeight = (typeof wordWeights)[keyof typeof wordWeights];

const BODY_CHARACTERS = 100_000;
const PEOPLE_CHARACTERS = 20_000;
/** What PostgreSQL takes: places are counted to 16,383, and a word has 256 of them; further ones it drops by itself. */
const MAX_PLACE = 16_383;
const MAX_PLACES = 256;
/** A text vector holds 1 MB; of 100,000 characters only odd ones become more (one letter of Japan's may be written as four). */
const MAX_BYTES = 1_000_000;
const PLACE_BYTES = 2;
const WORD_BYTES = 4; // the count of its places, and what aligns it
const BYTES_A_UNIT = 3; // UTF-8, at most, of a unit of UTF-16

export interface WordedMessage {
  readonly subject: string;
  readonly people: Pick<MessagePeople, "from" | "to" | "cc">;
  readonly text: string;
}

/**
 * The words by which a message is found, as the text of a `tsvector`: each word and, in the same place, its stem. So a phrase may be
 * asked for in any inflection, and a beginning that is longer than its word's stem is found.
 */
export function messageWords({ subject, people, text }: WordedMessage): string {
  const vector = new Vector();
  vector.add(subject, wordWeights.subject);
  for (const one of names(people.from)) vector.add(one, wordWeights.from);
  for (const one of names([...people.to, ...people.cc])) vector.add(one, wordWeights.to);
  vector.add(text.slice(0, BODY_CHARACTERS), wordWeights.body);
  return vector.toString();
}

/** Up to a length, whole: a message may name ten thousand people. */
function names(people: readonly MailAddress[]): readonly string[] {
  let left = PEOPLE_CHARACTERS;
  return people
    .map(({ name, address }) => `${name ?? ""} ${address}`)
    .filter((one) => {
      left -= one.length;
      return left >= 0;
    });
}

class Vector {
  readonly #places = new Map<string, string[]>();
  #place = 0;
  #bytes = 0;

  add(text: string, weight: WordWeight): void {
    for (const word of wordsOf(text)) {
      this.#place++;
      this.#put(word, weight);
      const stem = stemOf(word);
      if (stem !== word) this.#put(stem, weight);
    }
    this.#place++; // a gap: no phrase reaches from one into the next
  }

  #put(word: string, weight: WordWeight): void {
    const places = this.#places.get(word);
    const bytes = PLACE_BYTES + (places ? 0 : WORD_BYTES + BYTES_A_UNIT * word.length);
    if (this.#bytes + bytes > MAX_BYTES || places?.length === MAX_PLACES) return;
    this.#bytes += bytes;
    const place = `${Math.min(this.#place, MAX_PLACE)}${weight}`;
    if (!places) this.#places.set(word, [place]);
    else if (places.at(-1) !== place) places.push(place);
  }

  /** Words are letters and digits, so that nothing needs to be quoted. */
  toString(): string {
    let text = "";
    for (const [word, places] of this.#places) text += `${word}:${places.join(",")} `;
    return text;
  }
}
