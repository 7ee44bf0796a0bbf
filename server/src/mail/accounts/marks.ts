/**
 * What IMAP flags of a message mean to us, as bits: folders have hundreds of thousands of messages, and what differs
 * between two states is one XOR. Other keywords are the other clients' own and are left as they are.
 */
export type Marks = number;

export const markBits = { seen: 1, flagged: 2, answered: 4, forwarded: 8 } as const;
export type Mark = keyof typeof markBits;
export const markNames = Object.keys(markBits) as readonly Mark[];

/** RFC 3501 §2.3.2, and the keyword that all clients use for what RFC 5788 registers as $Forwarded. */
const FLAGS: Readonly<Record<Mark, string>> = {
  seen: String.raw`\Seen`,
  flagged: String.raw`\Flagged`,
  answered: String.raw`\Answered`,
  forwarded: "$Forwarded",
};
const DELETED = String.raw`\deleted`;

/** Flags are told apart without regard to case (RFC 3501 §9). */
export function marksOf(flags: Iterable<string>): { readonly marks: Marks; readonly isDeleted: boolean } {
  let marks = 0;
  let isDeleted = false;
  for (const flag of flags) {
    const lower = flag.toLowerCase();
    if (lower === DELETED) isDeleted = true;
    for (const mark of markNames) if (FLAGS[mark].toLowerCase() === lower) marks |= markBits[mark];
  }
  return { marks, isDeleted };
}

export const flagsOf = (marks: Marks): string[] =>
  markNames.filter((mark) => (marks & markBits[mark]) !== 0).map((mark) => FLAGS[mark]);

export type MarkValues = { readonly [Name in Mark]: boolean };

export const toMarks = (values: Partial<MarkValues>): Marks =>
  markNames.reduce((marks, mark) => (values[mark] ? marks | markBits[mark] : marks), 0);

export const fromMarks = (marks: Marks): MarkValues => ({
  seen: (marks & markBits.seen) !== 0,
  flagged: (marks & markBits.flagged) !== 0,
  answered: (marks & markBits.answered) !== 0,
  forwarded: (marks & markBits.forwarded) !== 0,
});
