import { createHash } from "node:crypto";
import { mailLimits, type Authenticity } from "@kontor/shared/mail";
import type { ContentToStore } from "../messages/storeContent.ts";
import type { MessageReader } from "../mime/messageReader.ts";
import type { Bounce } from "../mime/parseBounce.ts";
import type { ParsedMessage, ParseOutcome } from "../mime/parsedMessage.ts";
import type { FetchedSource } from "./imap.port.ts";
import type { Flags } from "./marks.ts";

/** A message from there, read, with its bodies still to be kept. */
export interface FetchedMessage extends Flags {
  readonly uid: number;
  readonly receivedAt: string;
  readonly content: ContentToStore;
  /** What must be in the blob store first: the message itself, and its attachments. */
  readonly bodies: readonly Uint8Array[];
  /** What it tells of a message that left from here. */
  readonly bounce: Bounce | undefined;
}

/** What is said of where it comes from is the provider's business: it took the message in, and told it from spam. */
const AUTHENTICITY: Authenticity = { internal: false, warnings: [] };

export async function readMessage(
  read: MessageReader["read"],
  { uid, marks, labels, receivedAt, source }: FetchedSource,
  wholeBytes?: number,
): Promise<FetchedMessage> {
  const raw = { sha256: sha256(source), size: source.length };
  const { outcome, bounce } = await read(source);
  const parsed = parsedOrPlaceholder(outcome, raw.sha256);
  // Of one that is too large only the beginning was fetched: attachments would be torn.
  const isPart = wholeBytes !== undefined;
  const kept: ParsedMessage = isPart ? { ...parsed, attachments: [], isCut: true } : parsed;
  const bodies = kept.attachments.map(({ bytes }) => ({ sha256: sha256(bytes), size: bytes.length }));
  return {
    uid,
    marks,
    labels,
    receivedAt,
    content: {
      parsed: kept,
      raw,
      authenticity: AUTHENTICITY,
      receivedAt,
      bodies,
      ...(isPart && { wholeBytes }),
    },
    bodies: [source, ...kept.attachments.map(({ bytes }) => bytes)],
    bounce,
  };
}

/** How much is fetched of a message above the limit: its headers and, mostly, its text. */
export const startBytes = mailLimits.maxHeaderBytes;

/** Those that have no Message-ID are told by their bytes, also by what reading calls them. */
export const isNamedByBytes = (messageId: string): boolean =>
  /^[0-9a-f]{64}@(?:missing|unreadable)\.invalid$/.test(messageId);

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/**
 * What cannot be read lies in its folder all the same, empty, with its bytes kept: at the provider it is there, and left out
 * here it would be fetched again for ever.
 */
function parsedOrPlaceholder(outcome: ParseOutcome, hash: string): ParsedMessage {
  if (outcome.kind === "parsed") return outcome.message;
  return {
    messageId: `${hash}@unreadable.invalid`,
    inReplyTo: [],
    refs: [],
    subject: "",
    people: { from: [], to: [], cc: [] },
    sentAt: undefined,
    snippet: "",
    text: "",
    html: undefined,
    isCut: true,
    hasRemote: false,
    attachments: [],
    extras: {},
    oddities: [outcome.reason],
  };
}
