import type { ReplicaStatus } from "./commands.ts";
import type { MailNews } from "./mail.rows.ts";

/**
 * How the replica's process is started. The feed makes much garbage that dies young; with V8's usual 16 MB and more for
 * it the process holds 100 MB that it does not need, and with 4 MB it is collected more often, at no cost that the bench
 * of applying could show.
 */
export const replicaNodeOptions = ["--max-semi-space-size=4"] as const;

/** What main and the replica's utility process say to each other; ports travel beside the message. */
export type ToReplica =
  | {
      readonly kind: "open";
      /** Folder of this user's replica: replica.db, outbox.db, files/. */
      readonly directory: string;
      /** 32 bytes, hex. */
      readonly key: string;
      readonly serverUrl: string;
      readonly serverName: string;
      readonly user: ReplicaStatus["user"];
      readonly deviceId: string;
      readonly token: string;
      readonly leaseMs: number;
      readonly appVersion: string;
    }
  /** Two ports beside it: [rxdb, commands]. */
  | { readonly kind: "window" }
  /** One port beside it, over which `FileChunk`s come back: main's `app://` handler asks for bytes of the cache. */
  | {
      readonly kind: "read";
      readonly what: "content" | "pdf" | "page" | "thumbnail";
      readonly fileId: string;
      readonly page?: number;
      readonly start?: number;
      readonly end?: number;
    }
  /**
   * One port beside it, over which an `Exported` comes back. The path is the one that the user chose in main's own dialog: no
   * window names a file that is written.
   */
  | { readonly kind: "export"; readonly folderId: string; readonly path: string }
  /** A new token after a sign-in on the same replica. */
  | { readonly kind: "token"; readonly token: string; readonly leaseMs: number }
  | { readonly kind: "close"; readonly erase: boolean };

export type FromReplica =
  | { readonly kind: "opened" }
  | { readonly kind: "failed"; readonly reason: string; readonly message: string }
  | { readonly kind: "status"; readonly status: ReplicaStatus }
  /** Lost: main removes the copies that it made for other applications. */
  | { readonly kind: "filesPurged"; readonly fileIds: readonly string[] }
  | { readonly kind: "mail"; readonly news: MailNews }
  | { readonly kind: "closed" };

export type Exported =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly message: string };

/** First a head, then chunks, then an end; or an error instead. */
export type FileChunk =
  | {
      readonly kind: "head";
      readonly mime: string;
      readonly totalBytes: number;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly code: "notFound" | "unavailable"; readonly message: string };
