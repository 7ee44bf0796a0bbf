import { keywordToLabel, labelToKeyword } from "./keyword.ts";

/**
 * What IMAP flags of a message mean to us, as bits: folders have hundreds of thousands of messages, and what differs
 * between two states is one XOR. Keywords that are nobody's labels (`keyword.ts`) are the other clients' own and are left as they are.
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

const NO_LABELS: readonly string[] = [];

/** Flags are told apart without regard to case (RFC 3501 §9). */
export function marksOf(flags: Iterable<string>): {
  readonly marks: Marks;
  readonly isDeleted: boolean;
  readonly labels: readonly string[];
} {
  let marks = 0;
  let isDeleted = false;
  let labels = NO_LABELS;
  for (const flag of flags) {
    const lower = flag.toLowerCase();
    if (lower === DELETED) isDeleted = true;
    for (const mark of markNames) if (FLAGS[mark].toLowerCase() === lower) marks |= markBits[mark];
    const label = flag.startsWith("\\") ? undefined : keywordToLabel(flag);
    if (label !== undefined) labels = [...labels, label];
  }
  return { marks, isDeleted, labels };
}

/** What lasts in a folder, by its PERMANENTFLAGS: one that says nothing of it keeps every flag (RFC 3501 §6.3.1). */
export function keptBy(permanent: ReadonlySet<string> | undefined): { keeps: Marks; takesLabels: boolean } {
  const takesLabels = permanent?.has(String.raw`\*`) ?? false;
  if (!permanent)
    return { keeps: toMarks({ seen: true, flagged: true, answered: true, forwarded: true }), takesLabels };
  const { marks } = marksOf(permanent);
  return { keeps: takesLabels ? marks | markBits.forwarded : marks, takesLabels };
}

/** Labels that have no keyword are left out. */
export const flagsOf = ({ marks, labels }: Flags): string[] => [
  ...markNames.filter((mark) => (marks & markBits[mark]) !== 0).map((mark) => FLAGS[mark]),
  ...labels.flatMap((label) => labelToKeyword(label) ?? []),
];

export type MarkValues = { readonly [Name in Mark]: boolean };

/** As a message is marked there, in one: its flags and its labels. */
export interface Flags {
  readonly marks: Marks;
  readonly labels: readonly string[];
}

export const noFlags: Flags = { marks: 0, labels: NO_LABELS };

/** Labels that differ from what we knew. A server that has the word in another case means the same. */
export function changedLabels(
  before: readonly string[],
  now: readonly string[],
): { readonly added: readonly string[]; readonly removed: readonly string[] } {
  const lower = (labels: readonly string[]) => new Set(labels.map((label) => label.toLowerCase()));
  const [had, has] = [lower(before), lower(now)];
  return {
    added: now.filter((label) => !had.has(label.toLowerCase())),
    removed: before.filter((label) => !has.has(label.toLowerCase())),
  };
}

export const toMarks = (values: Partial<MarkValues>): Marks =>
  markNames.reduce((marks, mark) => (values[mark] ? marks | markBits[mark] : marks), 0);

export const fromMarks = (marks: Marks): MarkValues => ({
  seen: (marks & markBits.seen) !== 0,
  flagged: (marks & markBits.flagged) !== 0,
  answered: (marks & markBits.answered) !== 0,
  forwarded: (marks & markBits.forwarded) !== 0,
});
