import type { Locale } from "@kontor/shared/base";
import type { ReplicaStatus } from "./commands.ts";

/**
 * The table between a window and the main process. The preload script exposes exactly this as `window.kontor`; main
 * checks the sender of every call. Everything about data goes over the ports to the replica instead.
 */
export interface DesktopApi {
  /** What to show first, and how. */
  session(): Promise<SessionState>;
  /** Asks the address for `/api/info`; the answer says in a stable key what is wrong with it. */
  checkServer(address: string): Promise<{ ok: true; url: string; name: string; version: string } | Refusal>;
  signIn(input: { url: string; login: string; password: string }): Promise<{ ok: true } | Refusal>;
  /** `erase` also removes the replica from this device; without it the replica stays locked and readable after the next sign-in. */
  signOut(input: { erase: boolean }): Promise<void>;
  /** Where the system has no keychain (`basic_text`): the passphrase from which the replica's key is derived (Argon2id). */
  unlock(input: { passphrase: string }): Promise<{ ok: true } | Refusal>;
  settings(): Promise<Settings>;
  changeSettings(change: Partial<Settings>): Promise<Settings>;
  /** Asks main to send two MessagePorts by `window.postMessage({ kontor: "ports" }, "*", [rxdb, commands])`. */
  openPorts(): Promise<void>;
  chooseFiles(): Promise<readonly string[]>;
  /** The path of a dropped or picked file. */
  pathOf(file: File): string;
  saveFileAs(input: { fileId: string; name: string }): Promise<{ saved: boolean }>;
  openExternally(input: { fileId: string; name: string }): Promise<Refusal | { ok: true }>;
  openRecordWindow(recordId: string): Promise<void>;
  /** A draft to be written, or a conversation to be read, in a window of its own. */
  openMailWindow(what: { readonly kind: "draft" | "thread"; readonly id: string }): Promise<void>;
  /** Whether this window may write the draft: no other one does. It is let go by `releaseDraft` with the same token. */
  claimDraft(hold: { readonly id: string; readonly token: string }): Promise<boolean>;
  releaseDraft(hold: { readonly id: string; readonly token: string }): Promise<void>;
  /** An answer to the command `draft.leave`: what was typed in this window could not be saved. */
  keepDraft(draftId: string): Promise<void>;
  /** The window that writes the draft comes to the front. */
  showDraft(draftId: string): Promise<void>;
  /** Bytes that the window has, into a file that the user chooses. */
  saveBytesAs(input: { readonly name: string; readonly bytes: Uint8Array }): Promise<{ saved: boolean }>;
  /** All messages of a mail folder, as one archive (mbox), into a file that the user chooses; needs the server. */
  saveFolderAs(input: {
    readonly folderId: string;
    readonly name: string;
  }): Promise<Refusal | { ok: true; saved: boolean }>;
  /** An address outside, after the user has seen where it leads. */
  openLink(address: string): Promise<void>;
  copyText(text: string): Promise<void>;
  /** The answer to the command `app.ending`: the replica has what was typed in this window. */
  ended(): Promise<void>;
  onSession(listener: (state: SessionState) => void): () => void;
  onSettings(listener: (settings: Settings) => void): () => void;
  /** A menu item or shortcut of the system asks the window to do something. */
  onCommand(listener: (command: { id: string; args?: unknown }) => void): () => void;
  readonly platform: string;
  readonly version: string;
}

export interface Refusal {
  readonly ok: false;
  /** Stable key; the interface has words for it. */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

export type SessionState =
  | {
      readonly state: "signedOut";
      readonly lastServer?: { readonly url: string; readonly name: string };
      readonly lastLogin?: string;
      /** An administrator took this device out of use, and what it held was removed. */
      readonly deviceRevoked?: true;
    }
  /** The system keeps no secrets: a passphrase is asked, made on first use. */
  | { readonly state: "needsPassphrase"; readonly first: boolean }
  | { readonly state: "signedIn"; readonly user: ReplicaStatus["user"]; readonly server: ReplicaStatus["server"] };

export interface Settings {
  readonly locale: Locale | "system";
  readonly theme: "light" | "dark" | "system";
  readonly contrast: "normal" | "high";
  /** Widths of rail-side list and side pane, in px. */
  readonly listWidth: number;
  readonly sideWidth: number;
  /** Of mail: width of its list in px, and whether folders stand beside it. */
  readonly mailListWidth: number;
  readonly mailFolders: boolean;
  /** Whether new mail is shown by the system while nobody looks at Kontor. */
  readonly notices: boolean;
}

export const defaultSettings: Settings = {
  locale: "system",
  theme: "system",
  contrast: "normal",
  listWidth: 348,
  sideWidth: 300,
  mailListWidth: 348,
  mailFolders: false,
  notices: true,
};

/** Names on the ipcRenderer/ipcMain side; one place so that neither end invents one. */
export const ipcChannels = {
  invoke: "kontor:invoke",
  session: "kontor:session",
  settings: "kontor:settings",
  command: "kontor:command",
  ports: "kontor:ports",
} as const;

/** Addresses that `app://` answers besides the interface itself. `<id>` is a file's id. */
export const fileAddress = {
  content: (id: string) => `files/${id}/content`,
  pdf: (id: string) => `files/${id}/preview.pdf`,
  page: (id: string, page: number) => `files/${id}/page/${page}`,
  thumbnail: (id: string) => `files/${id}/thumbnail`,
} as const;
