import type { Json } from "../base/index.ts";

/**
 * A record as one reader may see it: what the feed, REST and the card all show. Whatever the reader may not see is
 * absent, also from `revs`, `conflicts` and from what `updatedAt` and `updatedBy` are derived of (VIS-2, VIS-3).
 */
export interface RecordDoc {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly number?: string;
  readonly state?: string;
  readonly owner?: string;
  readonly department?: string;
  readonly fields: Readonly<Record<string, Json>>;
  /** Revision of each visible field, counted per field: the base that an edit names. */
  readonly revs: Readonly<Record<string, number>>;
  /** Fields whose value is a redacted one. */
  readonly redacted?: readonly string[];
  readonly conflicts?: Readonly<Record<string, FieldConflict>>;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
  readonly deletedAt?: string;
  /** What the server would let this reader do: a hint for buttons and fields (POL-10), never a permission. */
  readonly can: RecordCan;
}

export interface RecordCan {
  /** Editable fields; "*" stands for all that are not read-only, and so for: nothing of this record is hidden. */
  readonly edit: readonly string[] | "*";
  /** Of: delete, restore, attach, transition:<key>. */
  readonly actions: readonly string[];
  /**
   * Policy → what it keeps from this reader, or is to be named for: an action, `edit` for every section, `edit:<section>`,
   * `read:<section>` of one that is hidden, or redacted in part. What is refused and not here, no policy speaks of.
   */
  readonly why?: Readonly<Record<string, readonly string[]>>;
  /** Sections of which this reader sees nothing: that they exist stands in the type. */
  readonly hidden?: readonly string[];
}

/** Two people changed the same field from the same base: the later one won, and the other value waits here to be seen. */
export interface FieldConflict {
  readonly lost: Json;
  readonly lostBy: string;
  readonly lostAt: string;
  readonly wonBy: string;
  readonly wonAt: string;
}

/** One entry of a record's history; masked like the record itself. */
export interface HistoryDoc {
  readonly id: string;
  readonly recordId: string;
  readonly type: string;
  readonly kind: "created" | "edited" | "transition" | "deleted" | "restored" | "file" | "resolved";
  readonly at: string;
  readonly by: string;
  readonly changes: readonly HistoryChange[];
  readonly transition?: { readonly key: string; readonly from?: string; readonly to: string };
  readonly file?: {
    readonly id: string;
    readonly name: string;
    readonly act: "attached" | "detached" | "renamed" | "restored";
  };
}

export interface HistoryChange {
  readonly field: string;
  readonly from?: Json;
  readonly to?: Json;
  /** `from` lost: whoever wrote `to` had not seen it. */
  readonly lost?: boolean;
}
