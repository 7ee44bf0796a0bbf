import { rm } from "node:fs/promises";
import type { Exported, FileChunk, FromReplica, ToReplica } from "#contract";
import { ReplicaDamaged, StorageError } from "#replica/storage";
import { openOfficeReplica, type OfficeReplica } from "./office.replica.ts";
import type { ReplicaLog } from "./replica.ts";
import type { ClosablePort } from "./window.ports.ts";

/** The replica as a process: what main says, and what is answered. `main.ts` gives it Electron's port, tests another. */
export interface ParentPort {
  post(message: FromReplica): void;
  onMessage(receive: (message: ToReplica, ports: readonly ClosablePort[]) => void): void;
}

export interface ReplicaProcessDeps {
  readonly parent: ParentPort;
  readonly log: ReplicaLog;
  /** The damaged file is set aside by the next process, when nothing holds it open. */
  readonly restart: () => void;
}

export function runReplicaProcess({ parent, log, restart }: ReplicaProcessDeps): void {
  let office: OfficeReplica | undefined;
  /** One after the other: a window's ports may come while the replica is still being opened. */
  let work: Promise<void> = Promise.resolve();

  async function handle(message: ToReplica, ports: readonly ClosablePort[]): Promise<void> {
    const [first, second] = ports;
    switch (message.kind) {
      case "open":
        return await open(message);
      case "window":
        if (office && first && second) office.windows.open(first, second);
        return undefined;
      case "read":
        if (first) void read(message, first);
        return undefined;
      case "export":
        if (first) void exportFolder(message, first);
        return undefined;
      case "token":
        return office?.replica.useToken(message.token, message.leaseMs);
      case "close":
        return await close(message.erase);
    }
  }

  let directory: string | undefined;

  async function open(options: Extract<ToReplica, { kind: "open" }>): Promise<void> {
    directory = options.directory;
    try {
      await office?.close();
      office = await openOfficeReplica(options, {
        log,
        onStatus: (status) => parent.post({ kind: "status", status }),
        onDamaged: restart,
        onMailNews: (news) => parent.post({ kind: "mail", news }),
        onFilesPurged: (fileIds) => parent.post({ kind: "filesPurged", fileIds }),
      });
      parent.post({ kind: "opened" });
      parent.post({ kind: "status", status: office.commands.status() });
    } catch (error) {
      const reason = error instanceof StorageError ? `replica.${error.code}` : "replica.failed";
      const message = error instanceof Error ? error.message : String(error);
      log.warn("the replica cannot be opened", { reason, message });
      parent.post({ kind: "failed", reason, message });
    }
  }

  async function read(request: Extract<ToReplica, { kind: "read" }>, port: ClosablePort): Promise<void> {
    const send = (chunk: FileChunk) => port.send(chunk);
    if (office) await office.readFile(request, send);
    else send({ kind: "error", code: "unavailable", message: "The replica is not open." });
  }

  async function exportFolder(request: Extract<ToReplica, { kind: "export" }>, port: ClosablePort): Promise<void> {
    const exported: Exported = office
      ? await office.mail.exportFolder(request.folderId, request.path)
      : { ok: false, reason: "replica.notOpen", message: "The replica is not open." };
    port.send(exported);
  }

  async function close(erase: boolean): Promise<void> {
    await office?.close();
    office = undefined;
    if (erase && directory !== undefined) await rm(directory, { recursive: true, force: true });
    parent.post({ kind: "closed" });
  }

  parent.onMessage((message, ports) => {
    work = work.then(async () => {
      try {
        await handle(message, ports);
      } catch (error) {
        log.warn("the replica process failed at a message", { kind: message.kind, error: String(error) });
        if (error instanceof ReplicaDamaged) restart();
      }
    });
  });
}
