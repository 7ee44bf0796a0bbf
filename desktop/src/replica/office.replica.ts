import { join } from "node:path";
import { WebSocket } from "ws";
import type { FileChunk, MailNews, ReplicaStatus, ToReplica } from "#contract";
import { systemClock, type Clock, type JsonObject } from "@kontor/shared/base";
import type { FileDoc } from "@kontor/shared/files";
import type { ReplicaDamaged } from "#replica/storage";
import { replicaCollections } from "./collections.ts";
import { createReplicaCommands, type ReplicaCommands } from "./commands.ts";
import { openReplicaFiles, type Part, type ReplicaFiles } from "./files/index.ts";
import { deriveMail, openMail, type ReplicaMail } from "./mail/index.ts";
import { createOfficeContext } from "./office.context.ts";
import { openReplica, type Replica, type ReplicaLog } from "./replica.ts";
import { createWindowPorts, type WindowPorts } from "./window.ports.ts";

/** The replica with everything of Kontor on it: collections, files, commands, windows. Nothing here knows Electron. */
export interface OfficeReplica {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly mail: ReplicaMail;
  readonly commands: ReplicaCommands;
  readonly windows: WindowPorts;
  /** Bytes of the cache, as chunks; `end` is included. */
  readFile(request: ReadRequest, send: (chunk: FileChunk) => void): Promise<void>;
  close(): Promise<void>;
}

export type OpenOffice = Omit<Extract<ToReplica, { kind: "open" }>, "kind">;
type ReadRequest = Omit<Extract<ToReplica, { kind: "read" }>, "kind">;

export interface OfficeDeps {
  readonly log: ReplicaLog;
  readonly clock?: Clock;
  readonly onStatus: (status: ReplicaStatus) => void;
  readonly onDamaged: (error: ReplicaDamaged) => void;
  readonly onMailNews?: (news: MailNews) => void;
  /** Copies that were made of their bodies elsewhere go, too. */
  readonly onFilesPurged?: (fileIds: readonly string[]) => void;
}

export async function openOfficeReplica(options: OpenOffice, deps: OfficeDeps): Promise<OfficeReplica> {
  const context = createOfficeContext(options.user.id);
  const clock = deps.clock ?? systemClock;
  let mail: ReplicaMail | undefined;
  const derived = deriveMail({ context, now: () => clock.now(), onFilesLost: (ids) => void loseAttachments(ids) });
  const replica = openReplica({
    ...options,
    definitions: replicaCollections,
    context,
    derive: derived.derive,
    clock,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    log: deps.log,
    onDamaged: deps.onDamaged,
    async onRevoked() {
      windows.closeReaders();
      await mail?.close();
      await files.close();
    },
  });
  const files = await openReplicaFiles({
    directory: join(options.directory, "files"),
    key: Buffer.from(options.key, "hex"),
    sql: {
      run: (sql, params) => replica.outbox.file.run(sql, params),
      all: (sql, params) => replica.outbox.file.all(sql, params),
    },
    serverUrl: options.serverUrl,
    token: () => replica.token(),
    isAttachPending: (fileId) =>
      replica.outbox.pendingOf("files", fileId).some(({ name }) => name === "file.attach") ||
      mail?.attaching().has(fileId) === true,
    onChange: showUpload,
    onExpired: () => replica.tryNow(), // the gateway decides whether the sign-in has really ended
    fetch: globalThis.fetch,
  });

  function showUpload(fileId: string): void {
    noteUploads();
    replica.rows.refresh("files", fileId);
    mail?.uploadChanged(fileId);
    replica.tellOutbox();
  }

  function noteUploads(): void {
    const uploads = files.uploads.list().map(({ fileId, state, sentBytes, reason }) => {
      const shown: JsonObject = { state, sentBytes, ...(reason === undefined ? {} : { reason }) };
      return [fileId, shown] as const;
    });
    context.setUploads(new Map(uploads));
  }

  mail = openMail({
    ...derived.held(),
    replica,
    files,
    context,
    serverUrl: options.serverUrl,
    log: deps.log,
    onNews: (news) => deps.onMailNews?.(news),
  });
  const openedMail = mail;
  await sweepBodies(openedMail);
  noteUploads();
  for (const { fileId } of files.uploads.list()) {
    replica.rows.refresh("files", fileId);
    openedMail.uploadChanged(fileId);
  }
  const commands = createReplicaCommands({
    replica,
    files,
    mail: openedMail,
    user: options.user,
    server: { url: options.serverUrl, name: options.serverName },
  });
  const windows = createWindowPorts(replica, commands, openedMail.queries);

  /** VIS-4: a process that ended between a purge and the removal of the bodies left them behind. */
  async function sweepBodies({ attachmentOf, ownFiles }: ReplicaMail): Promise<void> {
    if (!replica.rows.cookie()) return; // being filled: what is not here yet is not lost
    const mine = new Set([...replica.outbox.pending(), ...replica.outbox.issues()].map(({ id }) => id));
    for (const fileId of ownFiles()) mine.add(fileId);
    await files.sweep(
      (fileId) => mine.has(fileId) || replica.rows.hasServerRow("files", fileId) || attachmentOf(fileId) !== undefined,
    );
  }

  /** VIS-4: no message here carries them any more. What the user attached and was refused stays theirs (SYN-7). */
  async function loseAttachments(fileIds: readonly string[]): Promise<void> {
    if (!mail) return; // swept when everything is open
    const own = mail.ownFiles();
    await loseFiles(fileIds.filter((id) => !own.has(id)));
  }

  async function loseFiles(fileIds: readonly string[]): Promise<void> {
    deps.onFilesPurged?.(fileIds);
    try {
      await files.purge(fileIds);
    } catch (error) {
      deps.log.warn("bodies of lost files are removed at the next start", { error: String(error) });
    }
  }

  /** Only when it turns: being told "online" ends the waiting times of all uploads. */
  let wasOnline = false;
  function noteOnline(): void {
    const isOnline = replica.state().connection === "online";
    if (isOnline !== wasOnline) files.uploads.setOnline(isOnline);
    wasOnline = isOnline;
  }
  replica.on("state", () => {
    noteOnline();
    deps.onStatus(commands.status());
  });
  replica.on("settled", (intent, result) => {
    const fileId = intent.name === "file.attach" ? intent.id : intent.args["fileId"];
    if ((intent.name !== "file.attach" && intent.name !== "mail.attach") || typeof fileId !== "string") return;
    // A refused attachment is not uploaded; its body stays until the user lets the issue go (SYN-7).
    if (result.status === "rejected") void files.uploads.discard(fileId);
    else files.uploads.wake();
  });
  replica.on("purged", (collection, ids) => {
    if (collection === "files") void loseFiles(ids);
  });
  noteOnline();

  const heldFile = (fileId: string): Pick<FileDoc, "mime"> | undefined =>
    (replica.rows.collection("files")?.findByIdsSync([fileId])[0] as unknown as FileDoc | undefined) ??
    openedMail.attachmentOf(fileId);

  async function readFile(request: ReadRequest, send: (chunk: FileChunk) => void): Promise<void> {
    const { fileId, what, page, start = 0, end } = request;
    const file = replica.isLocked ? undefined : heldFile(fileId);
    const part: Part = what === "page" ? `page-${page ?? 1}` : what;
    const reader = file && (await files.open(fileId, part));
    if (!file || !reader) return send({ kind: "error", code: "notFound", message: "This is not on this device." });
    try {
      const last = Math.min(end ?? reader.size - 1, reader.size - 1);
      send({ kind: "head", mime: mimeOf(what, file), totalBytes: reader.size, start, end: last });
      for await (const bytes of reader.read({ start, end: last + 1 })) send({ kind: "chunk", bytes });
      send({ kind: "end" });
    } catch {
      send({ kind: "error", code: "unavailable", message: "The stored copy is damaged." });
    } finally {
      await reader.close();
    }
  }

  return {
    replica,
    files,
    mail: openedMail,
    commands,
    windows,
    readFile,
    async close() {
      windows.closeAll();
      await openedMail.close();
      await files.close();
      await replica.close();
    },
  };
}

function mimeOf(what: ReadRequest["what"], file: Pick<FileDoc, "mime">): string {
  if (what === "content") return file.mime;
  return what === "pdf" ? "application/pdf" : "image/webp";
}
