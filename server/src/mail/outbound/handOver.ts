import { Readable } from "node:stream";
import { domainOf } from "@kontor/shared/mail";
import type { BlobStore } from "#files";
import type { Log } from "#kernel";
import type { Clock } from "@kontor/shared/base";
import type { SigningKey } from "../domains/domains.service.ts";
import type { GroupContent, OutboundGroup } from "./claimGroups.ts";
import { toCrLf, wholeToCrLf } from "./crLf.ts";
import { signMessage } from "./signMessage.ts";
import type { RecipientAnswer, Route, Transmission, Transport } from "./transport.port.ts";

export interface HandOverDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly blobs: Pick<BlobStore, "get">;
  readonly transport: Transport;
  /** How a group leaves; words where there is no way out. May throw: then it is tried again. */
  routeOf(
    group: Pick<OutboundGroup, "accountId" | "domain" | "rows">,
  ): Promise<Route | { readonly kind: "none"; readonly words: string }>;
  signingKeys(domain: string): Promise<readonly SigningKey[]>;
}

export interface HandOver {
  /** One attempt: finds the way, reads and signs the message, and gives it to the transport. Answers, and never throws. */
  attempt(group: OutboundGroup, signal: AbortSignal): Promise<readonly RecipientAnswer[]>;
  /** Reads and signs a message whose attempt begins in a moment, unless it is a large one. */
  prepare(group: OutboundGroup): void;
}

/** A message as it travels, signed; any number of times. */
type Prepared = Pick<Transmission, "raw" | "size">;

export function createHandOver({ clock, log, blobs, transport, routeOf, signingKeys }: HandOverDeps): HandOver {
  /** Of groups that go out at the same time: a message to many domains is read once, and signed once. */
  const shared = new Map<string, { readonly prepared: Promise<Prepared>; users: number }>();
  /** Of groups whose turn comes next; what never begins is forgotten with its group. */
  const ahead = new WeakMap<OutboundGroup, Promise<Prepared>>();

  async function attempt(group: OutboundGroup, signal: AbortSignal): Promise<readonly RecipientAnswer[]> {
    const recipients = group.rows.map(({ recipient }) => recipient);
    const toAll = (words: string, unreachable: boolean): readonly RecipientAnswer[] =>
      recipients.map((recipient) => ({ recipient, kind: "connection", words, ...(unreachable && { unreachable }) }));
    try {
      const route = await routeOf(group);
      if (route.kind === "none") return toAll(route.words, true);
      return await withPrepared(group, (prepared) =>
        transport.transmit({
          envelope: { from: group.envelopeFrom, recipients, envelopeId: group.envelopeId },
          ...prepared,
          route,
          signal,
        }),
      );
    } catch (error) {
      // Ours to mend: a store that does not answer, an account that cannot be read. Nobody was asked anything.
      log.warn({ err: error, envelopeId: group.envelopeId }, "an outgoing message could not be handed over");
      return toAll("This server could not read the message or find its way; it will try again.", false);
    }
  }

  async function withPrepared<Result>(
    group: OutboundGroup,
    use: (prepared: Prepared) => Promise<Result>,
  ): Promise<Result> {
    const key = `${group.content.rawSha256} ${signerOf(group) ?? ""}`;
    const entry = shared.get(key) ?? { prepared: ahead.get(group) ?? read(group), users: 0 };
    ahead.delete(group);
    shared.set(key, entry);
    entry.users += 1;
    try {
      return await use(await entry.prepared);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) shared.delete(key);
    }
  }

  function prepare(group: OutboundGroup): void {
    if (group.content.rawSize > HELD_BYTES) return;
    const prepared = read(group);
    // Whatever went wrong may be over by then: the attempt reads it again.
    prepared.catch(() => ahead.delete(group));
    ahead.set(group, prepared);
  }

  async function read(group: OutboundGroup): Promise<Prepared> {
    const { content } = group;
    const signedBy = signerOf(group);
    const keys = signedBy === undefined ? [] : await signingKeys(signedBy);
    if (content.rawSize > HELD_BYTES) {
      const header = await signMessage(Readable.from(rawOf(blobs, content)), keys, clock.now());
      return {
        raw: () => Readable.from(withHeader(header, rawOf(blobs, content)), { objectMode: false }),
        size: content.rawSize + header.length,
      };
    }
    const stored = await wholeOf(await blobs.get(content.rawSha256));
    if (keys.length === 0) return { raw: () => stored, size: stored.length };
    const body = wholeToCrLf(stored);
    const header = await signMessage(Readable.from([body], { objectMode: false }), keys, clock.now());
    const signed = Buffer.concat([Buffer.from(header), body]);
    return { raw: () => signed, size: signed.length };
  }

  return { attempt, prepare };
}

/** Mail through an account is signed by its provider, whose domain it is. */
const signerOf = ({ accountId, content, envelopeFrom }: OutboundGroup): string | undefined =>
  accountId === undefined ? domainOf(content.from[0]?.address ?? envelopeFrom) : undefined;

/**
 * What the store gives in one piece. Larger ones go out piece by piece: given to the line as a whole, the far server would have all of it
 * though this one died in its middle, and would get it again.
 */
const HELD_BYTES = 65_536;

/** As the store has it: in one piece, nearly always. */
async function wholeOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  const [first] = pieces;
  return first && pieces.length === 1 ? first : Buffer.concat(pieces);
}

/** The message from its first byte; whoever wants the header alone reads no further. */
export async function* rawOf(
  blobs: Pick<BlobStore, "get">,
  { rawSha256 }: Pick<GroupContent, "rawSha256">,
): AsyncGenerator<Buffer> {
  yield* toCrLf(await blobs.get(rawSha256));
}

async function* withHeader(header: string, raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (header !== "") yield Buffer.from(header);
  yield* raw;
}
