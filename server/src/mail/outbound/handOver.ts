import { Readable } from "node:stream";
import { domainOf } from "@kontor/shared/mail";
import type { BlobStore } from "#files";
import type { Log } from "#kernel";
import type { Clock } from "@kontor/shared/base";
import type { SigningKey } from "../domains/domains.service.ts";
import type { GroupContent, OutboundGroup } from "./claimGroups.ts";
import { signMessage, toCrLf } from "./signMessage.ts";
import type { RecipientAnswer, Route, Transport } from "./transport.port.ts";

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

/** One attempt: finds the way, reads and signs the message, and gives it to the transport. Answers, and never throws. */
export type HandOver = (group: OutboundGroup, signal: AbortSignal) => Promise<readonly RecipientAnswer[]>;

/** A message as it travels: what is put in front of it, and what it says, any number of times. */
interface Prepared {
  readonly header: string;
  raw: Pieces;
}

/** From the first byte, as often as it is asked for. What is in memory is a plain list: a message waits for nothing then. */
type Pieces = () => readonly Buffer[] | AsyncIterable<Buffer>;

export function createHandOver({ clock, log, blobs, transport, routeOf, signingKeys }: HandOverDeps): HandOver {
  /** Of groups that go out at the same time: a message to many domains is read once, and signed once. */
  const shared = new Map<string, { readonly prepared: Promise<Prepared>; users: number }>();

  async function handOver(group: OutboundGroup, signal: AbortSignal): Promise<readonly RecipientAnswer[]> {
    const recipients = group.rows.map(({ recipient }) => recipient);
    const toAll = (words: string, unreachable: boolean): readonly RecipientAnswer[] =>
      recipients.map((recipient) => ({ recipient, kind: "connection", words, ...(unreachable && { unreachable }) }));
    try {
      const route = await routeOf(group);
      if (route.kind === "none") return toAll(route.words, true);
      return await withPrepared(group, route, ({ header, raw }) =>
        transport.transmit({
          envelope: { from: group.envelopeFrom, recipients, envelopeId: group.envelopeId },
          raw: () => Readable.from(header === "" ? raw() : withHeader(header, raw()), { objectMode: false }),
          size: group.content.rawSize + header.length,
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
    { content, envelopeFrom }: OutboundGroup,
    route: Route,
    use: (prepared: Prepared) => Promise<Result>,
  ): Promise<Result> {
    // Mail through an account is signed by its provider, whose domain it is.
    const signedBy = route.kind === "account" ? undefined : domainOf(content.from[0]?.address ?? envelopeFrom);
    const key = `${content.rawSha256} ${signedBy ?? ""}`;
    const entry = shared.get(key) ?? { prepared: prepare(content, signedBy), users: 0 };
    shared.set(key, entry);
    entry.users += 1;
    try {
      return await use(await entry.prepared);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) shared.delete(key);
    }
  }

  async function prepare(content: GroupContent, signedBy: string | undefined): Promise<Prepared> {
    const raw = await openRaw(content);
    const keys = signedBy === undefined ? [] : await signingKeys(signedBy);
    if (keys.length === 0) return { header: "", raw };
    return { header: await signMessage(Readable.from(raw(), { objectMode: false }), keys, clock.now()), raw };
  }

  /** Asked for once by whoever signs it, and once by each host: one of usual size is read from the store once. */
  async function openRaw(content: GroupContent): Promise<Pieces> {
    if (content.rawSize > HELD_BYTES) return () => rawOf(blobs, content);
    const pieces: Buffer[] = [];
    for await (const piece of rawOf(blobs, content)) pieces.push(piece);
    return () => pieces;
  }

  return handOver;
}

/**
 * What the store gives in one piece. Larger ones go out piece by piece: given to the line as a whole, the far server would have all of it
 * though this one died in its middle, and would get it again.
 */
const HELD_BYTES = 65_536;

/** The message from its first byte; whoever wants the header alone reads no further. */
export async function* rawOf(
  blobs: Pick<BlobStore, "get">,
  { rawSha256 }: Pick<GroupContent, "rawSha256">,
): AsyncGenerator<Buffer> {
  yield* toCrLf(await blobs.get(rawSha256));
}

async function* withHeader(header: string, raw: ReturnType<Pieces>): AsyncGenerator<Buffer> {
  yield Buffer.from(header);
  yield* raw;
}
