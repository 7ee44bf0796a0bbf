import type { Clock } from "@kontor/shared/base";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import type { Config } from "#config";
import type { BlobStore, NewFile } from "#files";
import type { Actor, AnyIntent, Collection, Endpoint, EndpointRequest, Job, Log, Queue, Transaction } from "#kernel";
import { contactIntents, mailCollections, messageIntents, ruleIntents, ruleRunJob } from "#mail";
import type { RecordAccess } from "#objects";
import type { Office } from "./main.office.ts";
import { createStops } from "./main.stops.ts";

/**
 * The part of the composition root that is about mail: names its adapters, and every door of each of its rooms once. What others
 * stand on is there before anything starts; what works by itself begins with `start`, and ends in the opposite order.
 */
export interface MailDeps {
  readonly config: Config;
  readonly office: Office;
  readonly records: RecordAccess;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is there only once files are. */
export interface MailStart {
  readonly blobs: BlobStore;
  readonly queue: Queue;
  /** The domain of an installation that has none. */
  readonly fallbackDomain: string;
  /** Rows for bodies that are in the blob store already, in the transaction of what they hang in. */
  keepFiles(trx: Transaction, files: readonly NewFile[]): Promise<void>;
  actorOf(request: EndpointRequest): Promise<Actor>;
  applyIntent(intent: Intent, actor: Actor): Promise<IntentResult>;
}

export interface Mail {
  readonly endpoints: readonly Endpoint[];
  /** Gives everybody who lacks it a mailbox; for people who came by other ways than the people service. */
  ensureMailboxes(): Promise<void>;
  stop(): Promise<void>;
}

export interface MailParts {
  readonly collections: readonly Collection[];
  readonly intents: readonly AnyIntent[];
  readonly jobs: readonly Job[];
  start(deps: MailStart): Promise<Mail>;
}

export function createMail({ office, records, clock, log }: MailDeps): MailParts {
  const { db, provisioning, doorbell } = office;

  const ensureMailboxes = async () => {
    await db.transaction().execute((trx) => provisioning.ensureMailboxes(trx));
    doorbell.ring();
  };

  return {
    collections: mailCollections,
    intents: [...messageIntents({ records }), ...ruleIntents({ records }), ...contactIntents],
    jobs: [ruleRunJob({ db, clock, changed: () => doorbell.ring() })],
    async start({ fallbackDomain }) {
      const stops = createStops(log);
      await db.transaction().execute((trx) => provisioning.ensureDomains(trx, fallbackDomain));
      await ensureMailboxes();
      return { endpoints: [], ensureMailboxes, stop: () => stops.all() };
    },
  };
}
