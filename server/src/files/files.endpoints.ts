import type { Express, Request, Response } from "express";
import { z } from "zod";
import { DomainError, isDomainError, type Clock } from "@kontor/shared/base";
import { fileLimits, type FileDoc, type FileFacts } from "@kontor/shared/files";
import {
  auditActor,
  defineEndpoint,
  sendProblem,
  sensitiveReads,
  type Actor,
  type AuditActor,
  type AuditLog,
  type Database,
  type Endpoint,
  type EndpointRequest,
  type Log,
  type Principal,
} from "#kernel";
import type { RecordAccess } from "#objects";
import type { BlobStore } from "./blob.port.ts";
import { readableFile } from "./files.access.ts";
import { findFiles, type FileRow } from "./files.repo.ts";
import { fileNotFound, type FilePlaces, type FileReader } from "./place.port.ts";
import { findRecordFiles, isVisible, recordFileToDoc } from "./record.place.ts";
import { sendBody, type Body } from "./sendBody.ts";
import { openTicket, signTicket, type Ticket } from "./signedUrl.ts";

export interface FileEndpointDeps {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly parent: RecordAccess;
  readonly places: FilePlaces;
  /** Where reads of sensitive sections and refused addresses are noted before they are answered (POL-12). */
  readonly audit: Pick<AuditLog, "note">;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs addresses; from `secretState(db, "files.signing")`. */
  readonly key: Buffer;
  actorOf(request: EndpointRequest): Promise<Actor>;
  /** The actor of a signed address, whose rights are asked anew when it is used. */
  actorOfTicket(principal: Pick<Principal, "userId" | "channel" | "deviceId">, ip: string): Promise<FileReader>;
  /** The previews' parts of a file; undefined where there is none. */
  previewPart(file: FileRow, part: "pdf" | "page" | "thumbnail", page?: number): Promise<Body | undefined>;
}

const idParams = z.object({ id: z.uuid() });
const partSchema = z.enum(["content", "pdf", "page", "thumbnail"]);
const fileReply = z.custom<FileFacts>(() => true);
const read = { kind: "policy", resource: "*", action: "read" } as const;

export function fileEndpoints(deps: FileEndpointDeps): readonly Endpoint[] {
  const { db, parent, places, clock, key } = deps;
  const find = async (id: string, request: EndpointRequest) => {
    const file = await readableFile(db, places, await deps.actorOf(request), id);
    await noteRead(deps, [file], auditActor(request.principal, request.ip));
    return file;
  };
  const send = async (body: Body, { raw }: EndpointRequest) =>
    sendBody(raw.request, raw.response, { blobs: deps.blobs, body });

  return [
    defineEndpoint({
      method: "get",
      path: "/records/:id/files",
      summary: "The files of a record that the caller may see",
      tag: "files",
      access: read,
      params: idParams,
      reply: z.object({ files: z.array(z.custom<FileDoc>(() => true)) }),
      async handle({ params }, request) {
        const record = await parent.accessTo(db, await deps.actorOf(request), params.id);
        if (!record) throw new DomainError("notFound", "There is no such record.", { reason: "record.notFound" });
        const rows = await findRecordFiles(db, [params.id]);
        const files = rows.filter((row) => row.deleted_at === null && isVisible(record, row));
        await noteRead(deps, files, auditActor(request.principal, request.ip));
        return { files: files.map(recordFileToDoc) };
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/files/:id",
      summary: "One file: its name, size, state and preview",
      tag: "files",
      access: read,
      params: idParams,
      reply: fileReply,
      async handle({ params }, request) {
        const file = await find(params.id, request);
        return places.of(file).toDoc(file);
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/files/:id/content",
      summary: "The body of a file; takes Range and If-None-Match",
      tag: "files",
      access: read,
      params: idParams,
      stream: true,
      handle: async ({ params }, request) => send(contentOf(await find(params.id, request)), request),
    }),
    defineEndpoint({
      method: "get",
      path: "/files/:id/preview/document.pdf",
      summary: "The file as PDF",
      tag: "files",
      access: read,
      params: idParams,
      stream: true,
      handle: async ({ params }, request) => send(await partOf(deps, await find(params.id, request), "pdf"), request),
    }),
    defineEndpoint({
      method: "get",
      path: "/files/:id/preview/pages/:page",
      summary: "The image of one page (JPEG), counted from 1",
      tag: "files",
      access: read,
      params: idParams.extend({ page: z.coerce.number().int().min(1).max(100_000) }),
      stream: true,
      handle: async ({ params }, request) =>
        send(await partOf(deps, await find(params.id, request), "page", params.page), request),
    }),
    defineEndpoint({
      method: "get",
      path: "/files/:id/preview/thumbnail",
      summary: "A small image of the first page (JPEG)",
      tag: "files",
      access: read,
      params: idParams,
      stream: true,
      handle: async ({ params }, request) =>
        send(await partOf(deps, await find(params.id, request), "thumbnail"), request),
    }),
    defineEndpoint({
      method: "post",
      path: "/files/:id/url",
      summary: "A short-lived signed address of the body or of a part of its preview, usable without a token",
      tag: "files",
      access: read,
      scope: "read",
      params: idParams,
      body: z.object({ part: partSchema.default("content"), page: z.int().positive().optional() }),
      reply: z.object({ url: z.string(), expiresAt: z.string() }),
      async handle({ params, body }, request) {
        const file = await find(params.id, request);
        await partOf(deps, file, body.part, body.page);
        const { principal } = request;
        if (!principal) throw new DomainError("unauthenticated", "Sign in first.", { reason: "signIn.needed" });
        const expires = clock.now() + fileLimits.signedUrlMs;
        const ticket: Ticket = {
          file: file.id,
          part: body.part,
          ...(body.page !== undefined && { page: body.page }),
          user: principal.userId,
          channel: principal.channel,
          ...(principal.deviceId !== undefined && { device: principal.deviceId }),
          expires,
        };
        return { url: `/f/${signTicket(ticket, key)}`, expiresAt: new Date(expires).toISOString() };
      },
    }),
  ];
}

/**
 * Signed addresses. No cookie is read here and none is set, so the path can stand on an origin of its own; and the
 * rights of the one it was made for are asked again at each use, so losing them ends the address too.
 */
export function mountSignedFiles(app: Express, deps: FileEndpointDeps): void {
  app.get("/f/:signed", async (request: Request, response: Response) => {
    response.locals["route"] = "/f/:signed";
    let ticket: Ticket | undefined;
    try {
      ticket = openTicket(String(request.params["signed"]), { key: deps.key, now: deps.clock.now() });
      const file = await fileOfTicket(deps, ticket, request.ip ?? "");
      await noteRead(deps, [file], ticketActor(ticket, request));
      const body = await partOf(deps, file, ticket.part, ticket.page);
      await sendBody(request, response, { blobs: deps.blobs, body });
    } catch (thrown) {
      const error = await noteRefusal(deps, ticketActor(ticket, request), ticket, thrown);
      sendProblem(response, error, { requestId: response.locals["requestId"] as string, log: deps.log });
    }
  });
}

/** The file, if whoever the address was made for may still have it. */
async function fileOfTicket(deps: FileEndpointDeps, ticket: Ticket, ip: string): Promise<FileRow> {
  const { db, places } = deps;
  if ("share" in ticket) {
    const [file] = await findFiles(db, [ticket.file]);
    const isThere = file !== undefined && file.deleted_at === null;
    if (!isThere || !(await places.of(file).isShared(db, file, ticket.share))) throw fileNotFound();
    return file;
  }
  const { user: userId, channel, device: deviceId } = ticket;
  const actor = await deps.actorOfTicket({ userId, channel, ...(deviceId !== undefined && { deviceId }) }, ip);
  return await readableFile(db, places, actor, ticket.file);
}

/** Names, bodies and previews of files that hang in a sensitive section. */
async function noteRead(
  { db, places, audit }: Pick<FileEndpointDeps, "db" | "places" | "audit">,
  files: readonly FileRow[],
  by: AuditActor,
): Promise<void> {
  await audit.note(sensitiveReads(await places.sensitiveOf(db, files), by, "file"));
}

const ticketActor = (ticket: Ticket | undefined, { ip }: Request): AuditActor => ({
  ...(ticket && "user" in ticket && { userId: ticket.user, channel: ticket.channel }),
  ...(ticket && "user" in ticket && ticket.device !== undefined && { deviceId: ticket.device }),
  ...(ip !== undefined && { ip }),
});

const REFUSALS = new Set(["file.ticket", "file.notFound", "account.off"]);

/** A signed address that is made up, over, or whose owner lost the right; what is to be told, which may be our own failure. */
async function noteRefusal(
  { audit }: Pick<FileEndpointDeps, "audit">,
  by: AuditActor,
  ticket: Ticket | undefined,
  thrown: unknown,
): Promise<unknown> {
  if (!isDomainError(thrown) || !REFUSALS.has(thrown.details.reason)) return thrown;
  const object = { kind: "files", ...(ticket && { id: ticket.file }) };
  const details = { door: "signedUrl", reason: thrown.details.reason, ...(ticket && { part: ticket.part }) };
  return await audit.note([{ action: "access.denied", outcome: "denied", by, object, details }]).then(
    () => thrown,
    (error: unknown) => error,
  );
}

async function partOf(deps: FileEndpointDeps, file: FileRow, part: Ticket["part"], page?: number): Promise<Body> {
  if (part === "content") return contentOf(file);
  const body = await deps.previewPart(file, part, page);
  if (!body) throw new DomainError("notFound", "There is no such part of a preview.", { reason: "preview.notFound" });
  return body;
}

function contentOf(file: FileRow): Body {
  if (file.state === "stored") return file;
  throw new DomainError("notFound", "The body of this file is not here yet.", { reason: `file.${file.state}` });
}
