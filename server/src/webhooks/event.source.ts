import type { JsonObject } from "@kontor/shared/base";
import type { Actor, Database, Transaction } from "#kernel";

/** Who looks, for a decision: a webhook's owner. */
export type EventReader = Pick<Actor, "engine" | "subject" | "context">;

/** What a feature tells the outside about one kind of resource. */
export interface EventSource {
  /** The kind of resource that is listened to. */
  readonly resource: string;
  readonly events: readonly string[];
  /** Throws where this one may not have its events. */
  requireSight(db: Database | Transaction, reader: EventReader, resourceId: string): Promise<void>;
  /** What is told of an event: ids, and what this reader may see of it now. Undefined: nothing, they see it no longer. */
  dataFor(
    db: Database,
    reader: EventReader,
    event: { readonly name: string; readonly resourceId: string; readonly data: JsonObject },
  ): Promise<JsonObject | undefined>;
}
