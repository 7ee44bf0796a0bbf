import { addressKey, draftText, type MailAddress } from "@kontor/shared/mail";

/** What its author should hear before a message leaves; each is asked once, and none forbids anything. */
export type SendWarning =
  | { readonly kind: "forgottenFile" }
  | { readonly kind: "noSubject" }
  | { readonly kind: "newOutsiders"; readonly people: readonly MailAddress[] };

export interface LeavingDraft {
  readonly subject: string;
  /** What its author wrote, without what is quoted. */
  readonly ownHtml: string;
  readonly hasFiles: boolean;
  readonly recipients: readonly MailAddress[];
  /** Whoever took part in what is answered; absent for a new message. */
  readonly before: readonly MailAddress[] | undefined;
}

/** So many people outside are a list that slipped in, rather than a colleague at a partner's. */
const MANY_OUTSIDERS = 5;

export function warningsFor(draft: LeavingDraft, isInternal: (address: string) => boolean): readonly SendWarning[] {
  const warnings: SendWarning[] = [];
  if (draft.subject.trim() === "") warnings.push({ kind: "noSubject" });
  if (!draft.hasFiles && speaksOfFiles(`${draft.subject}\n${draftText(draft.ownHtml)}`))
    warnings.push({ kind: "forgottenFile" });
  const people = newOutsiders(draft, isInternal);
  if (people.length > 0) warnings.push({ kind: "newOutsiders", people });
  return warnings;
}

/** A talk among colleagues that somebody outside would read from now on; or many people outside at once. */
function newOutsiders(
  { before, recipients }: LeavingDraft,
  isInternal: (address: string) => boolean,
): readonly MailAddress[] {
  const outside = recipients.filter(({ address }) => !isInternal(address));
  if (before === undefined || before.some(({ address }) => !isInternal(address))) {
    const known = new Set((before ?? []).map(({ address }) => addressKey(address)));
    const added = outside.filter(({ address }) => !known.has(addressKey(address)));
    return added.length >= MANY_OUTSIDERS ? added : [];
  }
  return outside;
}

/** `\b` knows Latin letters only. */
const WORD_START = String.raw`(?<![\p{L}\p{N}])`;
const SAYINGS = [
  // "attached", "attachment", "attaching"; "enclosed"
  String.raw`attach(?:ed|ing|ment)`,
  String.raw`enclos(?:ed|ing|ure)`,
  String.raw`see\s+the\s+file`,
  // "во вложении", "вложил", "вложено", "вкладываю"
  String.raw`во?\s+вложени`,
  String.raw`вложил|вложен(?:о|ы|ный|ная|ные)?(?![\p{L}])`,
  String.raw`вкладываю`,
  // "прикладываю", "приложил", "приложен", "в приложении", "прикрепил", "прикрепляю"
  String.raw`приклад(?:ываю|ываем)`,
  String.raw`прилож(?:ил|ен(?:[аоы]|ный|ная|ные)?(?!\p{L}))`,
  String.raw`в\s+приложении(?!\s+№|\s+\d)`,
  String.raw`прикреп(?:ил|лен|ляю|ляем)`,
];
const SPEAKS = new RegExp(`${WORD_START}(?:${SAYINGS.join("|")})`, "iu");
/** "the contract attached to the last mail", "nothing is attached": said of something else. */
const DENIES = /(?:nothing|not|без|ничего\s+не)\s+(?:is\s+)?(?:attach|вложен|прилож|прикреп)/giu;

export const speaksOfFiles = (text: string): boolean => SPEAKS.test(text.replaceAll(DENIES, " "));
