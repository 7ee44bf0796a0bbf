import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { DomainError } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import type { BlobStore } from "#files";
import { defineEndpoint, type Endpoint } from "#kernel";
import { idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { holdFolder, readableFolder } from "../messages/message.access.ts";
import { noFlags, type ArchiveEntry, type ArchiveFlags } from "../mime/archive/archiveMessage.ts";
import { readMbox } from "../mime/archive/mbox.ts";
import { exportFolder } from "./exportFolder.ts";
import { importArchive, type ImportDeps } from "./importArchive.ts";
import { knownMessagesEndpoint } from "./knownMessages.endpoint.ts";

export interface ArchiveEndpointDeps extends Pick<MailRestDeps, "db" | "actorOf"> {
  readonly blobs: Pick<BlobStore, "putMany" | "get">;
  readonly read: ImportDeps["read"];
  readonly contents: ImportDeps["contents"];
  now(): string;
  changed(): void;
}

/** What the file or the folder of another program says of a message beside its bytes. */
const marksQuery = z.object({
  flags: z
    .string()
    .regex(/^(?:(?:seen|flagged|answered)(?:,|$))*$/)
    .default("")
    .describe("Of one message: seen, flagged, answered, separated by commas. An archive has its own"),
  receivedAt: z.iso.datetime().optional().describe("When one message came. Absent: by its own date"),
});
type Marks = z.output<typeof marksQuery>;

const FORMATS = ["message/rfc822", "application/mbox"] as const;

/** Mail of other programs, in and out, as streams: an archive of years needs the memory of its largest message. */
export function archiveEndpoints(deps: ArchiveEndpointDeps): readonly Endpoint[] {
  const { db, actorOf } = deps;
  return [
    knownMessagesEndpoint(deps),
    defineEndpoint({
      method: "post",
      path: "/mail/folders/:id/import",
      summary:
        "Put messages into a folder as they are: one (`content-type: message/rfc822`), or an archive (`application/mbox`). What lies in the mailbox already is left out, so it may be sent again",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      query: marksQuery,
      reply: z.object({
        imported: z.number().int(),
        known: z.number().int(),
        tooLarge: z.number().int(),
        unreadable: z.number().int(),
      }),
      async handle({ params, query }, request) {
        const { request: incoming } = request.raw;
        const format = FORMATS.find((each) => incoming.is(each));
        if (!format)
          throw new DomainError("invalid", `Send the body as ${FORMATS.join(" or ")}.`, { reason: "mail.archive" });
        const actor = await actorOf(request);
        const { mailbox, folder } = await db.transaction().execute((trx) => holdFolder(trx, actor, params.id));
        // A provider would not know of them, and the next look would take them away.
        if (mailbox.kind === "external")
          throw new DomainError("conflict", "Import into a mailbox of your own, and move the messages from there.", {
            reason: "mail.archive.external",
          });
        const entries = format === "message/rfc822" ? readEml(incoming, query) : readMbox(incoming);
        return importArchive(deps, { mailboxId: mailbox.id, folderId: folder.id }, entries);
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/folders/:id/export",
      summary: "The messages of a folder, byte for byte, as one archive (application/mbox, RFC 4155)",
      tag: "mail",
      access: mailboxAccess.read,
      params: idParams,
      stream: true,
      async handle({ params }, request) {
        await readableFolder(db, await actorOf(request), params.id);
        const { response } = request.raw;
        response.setHeader("content-type", "application/mbox");
        response.setHeader("content-disposition", 'attachment; filename="folder.mbox"');
        response.setHeader("cache-control", "no-store");
        await pipeline(Readable.from(exportFolder(deps, params.id)), response);
      },
    }),
  ];
}

async function* readEml(source: AsyncIterable<Uint8Array>, { flags, receivedAt }: Marks): AsyncGenerator<ArchiveEntry> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes <= mailLimits.maxMessageBytes) pieces.push(piece);
    else pieces.length = 0; // read to its end, so that its sender hears the answer
  }
  if (bytes > mailLimits.maxMessageBytes) yield { kind: "tooLarge", bytes, folder: [] };
  else {
    const marks = { flags: flagsOf(flags), ...(receivedAt !== undefined && { receivedAt: new Date(receivedAt) }) };
    yield { kind: "message", message: { raw: Buffer.concat(pieces), ...marks, folder: [] } };
  }
}

function flagsOf(names: Marks["flags"]): ArchiveFlags {
  const [seen, flagged, answered] = ["seen", "flagged", "answered"].map((name) => names.split(",").includes(name));
  return { ...noFlags, seen: seen === true, flagged: flagged === true, answered: answered === true };
}
