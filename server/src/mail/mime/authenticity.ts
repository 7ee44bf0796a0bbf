import { domainToUnicode } from "node:url";
import { addressKey, domainOf, type Authenticity, type MailAddress } from "@kontor/shared/mail";
import { skeletonOf } from "./confusables.ts";
import type { MessagePeople } from "./parsedMessage.ts";

/** What is known of ourselves, to see who pretends to be one of us. */
export interface OwnNames {
  /** Domains that are ours, in lower case. */
  readonly domains: readonly string[];
  /** Names of people and shared mailboxes, as they are shown. */
  readonly names: readonly string[];
}

type Verdicts = Pick<Authenticity, "internal" | "spf" | "dkim" | "dmarc">;

/**
 * Reasons to be careful, as stable keys. They warn and never refuse, so each is only given where real mail seldom has it:
 *
 * - `dmarcFail`: the domain asks to have it checked, and it was not from there.
 * - `ownDomainForged`: it says to be from a domain of ours and came from outside without proof.
 * - `nameLooksInternal`: a colleague's name, or an address of ours, stands in front of a foreign address.
 * - `lookalikeDomain`: a domain that reads like one of ours, or mixes alphabets in a label.
 * - `replyToDiffers`: an answer would go to another organisation than the one that it comes from.
 */
export function warningsOf(people: MessagePeople, verdicts: Verdicts, own: OwnNames): readonly string[] {
  if (verdicts.internal) return [];
  const warnings: string[] = [];
  const domains = own.domains.map((domain) => domain.toLowerCase());
  const isOwn = (domain: string) => domains.some((each) => domain === each || domain.endsWith(`.${each}`));
  const [author] = people.from;
  const domain = author ? domainOf(author.address) : "";
  if (verdicts.dmarc === "fail") warnings.push("dmarcFail");
  if (isOwn(domain) && verdicts.dmarc !== "pass" && verdicts.dkim !== "pass") warnings.push("ownDomainForged");
  if (author && !isOwn(domain) && pretendsName(author, own, domains)) warnings.push("nameLooksInternal");
  if (domain !== "" && !isOwn(domain) && isLookalike(domain, domains)) warnings.push("lookalikeDomain");
  if (author && people.replyTo && repliesElsewhere(domain, people.replyTo, isOwn)) warnings.push("replyToDiffers");
  return warnings;
}

/* ---------- names ---------- */

/** Shorter names are everybody's. */
const MIN_NAME_CHARS = 5;

function pretendsName({ name = "" }: MailAddress, { names }: OwnNames, domains: readonly string[]): boolean {
  // "anna@our.example" <x@evil.example>: the address that is shown first is what people read.
  const shown = /[^\s<>"'()]+@(?<domain>[\w.-]+)/u.exec(name)?.groups?.["domain"];
  if (shown !== undefined && domains.includes(shown.toLowerCase())) return true;
  const key = nameKey(name);
  return key.length >= MIN_NAME_CHARS && names.some((each) => nameKey(each) === key);
}

/** Names that read alike: case, order of words (`Kovacs, Anna`), accents and look-alike letters make no difference. */
const nameKey = (name: string): string =>
  skeletonOf(name)
    .split(/[\s,.;"'()_-]+/)
    .filter((word) => word !== "")
    .toSorted()
    .join(" ");

/* ---------- domains ---------- */

function isLookalike(domain: string, domains: readonly string[]): boolean {
  const shown = toUnicode(domain);
  if (shown.split(".").some(mixesScripts)) return true;
  const skeleton = skeletonOf(shown);
  return domains.some((own) => {
    const ownSkeleton = skeletonOf(toUnicode(own));
    if (skeleton === ownSkeleton) return true;
    // our.example.evil.com, our-example.com
    if (shown.startsWith(`${own}.`) || shown.startsWith(`${own.replaceAll(".", "-")}.`)) return true;
    return isNear(skeleton, ownSkeleton);
  });
}

/** One letter more, less, other or swapped, in a domain long enough that this is no accident. */
function isNear(a: string, b: string): boolean {
  const [labelA = "", labelB = ""] = [mainLabel(a), mainLabel(b)];
  if (Math.min(labelA.length, labelB.length) < 6 || labelA === labelB)
    return labelA === labelB && labelA.length >= 6 && a !== b && hasNearEnding(a, b);
  return editDistance(labelA, labelB) === 1;
}

/** `kontor.co` for `kontor.com`, but not `kontor.de`, which may well be somebody else. */
const hasNearEnding = (a: string, b: string): boolean =>
  editDistance(a.slice(a.lastIndexOf(".") + 1), b.slice(b.lastIndexOf(".") + 1)) === 1;

/** What somebody registered: the label before the ending, which may have two parts (`co.uk`). */
function mainLabel(domain: string): string {
  const labels = domain.split(".");
  const hasTwoParts =
    labels.length > 2 &&
    /^(?:co|com|org|net|ac|gov|edu)$/.test(labels.at(-2) ?? "") &&
    (labels.at(-1) ?? "").length === 2;
  return labels.at(hasTwoParts ? -3 : -2) ?? domain;
}

/** Optimal string alignment, of two short words. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 1) return 2;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}

/** Letters of two alphabets in one label, as no register of names for people allows them. */
const mixesScripts = (label: string): boolean =>
  [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u].filter((script) => script.test(label)).length > 1;

const toUnicode = (domain: string): string => {
  try {
    return domainToUnicode(domain) || domain;
  } catch {
    return domain;
  }
};

function repliesElsewhere(
  domain: string,
  replyTo: readonly MailAddress[],
  isOwn: (domain: string) => boolean,
): boolean {
  const organisation = mainLabel(addressKey(domain));
  return replyTo.some(({ address }) => {
    const other = domainOf(address);
    return address !== "" && !isOwn(other) && mainLabel(other) !== organisation;
  });
}
