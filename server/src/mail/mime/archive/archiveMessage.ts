/** A message on its way into or out of a file or folder of another program's. */
export interface ArchiveMessage {
  readonly raw: Uint8Array;
  readonly flags: ArchiveFlags;
  readonly receivedAt?: Date;
  /** The folder it lay in, from the top; empty for the inbox. */
  readonly folder: readonly string[];
}

export interface ArchiveFlags {
  readonly seen: boolean;
  readonly flagged: boolean;
  readonly answered: boolean;
  readonly draft: boolean;
  readonly trashed: boolean;
}

export const noFlags: ArchiveFlags = { seen: false, flagged: false, answered: false, draft: false, trashed: false };

/** What an import meets: a message, or one that is too large to be taken and was passed over. */
export type ArchiveEntry =
  | { readonly kind: "message"; readonly message: ArchiveMessage }
  | { readonly kind: "tooLarge"; readonly bytes: number; readonly folder: readonly string[] };
