import type { Clock } from "@kontor/shared/base";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import type { Config } from "#config";
import { signTicket, type BlobStore, type FilePlaces, type FileRows, type NewFile } from "#files";
import {
  secretState,
  type Actor,
  type AnyIntent,
  type Collection,
  type Endpoint,
  type EndpointRequest,
  type Job,
  type Log,
  type Metrics,
  type Queue,
  type Transaction,
} from "#kernel";
import {
  archiveEndpoints,
  contactEndpoints,
  contactIntents,
  createDispatcher,
  createDueLoop,
  createMailboxService,
  createMessageReader,
  deliveryEndpoints,
  forwardMessage,
  type ImportedMail,
  importMail,
  mailboxEndpoints,
  mailCollections,
  messageEndpoints,
  messageIntents,
  returnDue,
  ruleEndpoints,
  ruleIntents,
  remoteEndpoints,
  ruleRunJob,
  sendEndpoints,
  sendIntents,
} from "#mail";
import type { RecordAccess } from "#objects";
import type { PdfSource } from "#previews";
import { createAccounts } from "./main.accounts.ts";
import type { Office } from "./main.office.ts";
import { startSmtp, type Smtp } from "./main.smtp.ts";
import { createPictureFetcher } from "./adapters/web/index.ts";
import { createStops } from "./main.stops.ts";
import { createWebhooks } from "./main.webhooks.ts";

/**
 * The part of the composition root that is about mail: names its adapters, and every door of each of its rooms once. What others
 * stand on is there before anything starts; what works by itself begins with `start`, and ends in the opposite order.
 */
export interface MailDeps {
  readonly config: Config;
  readonly office: Office;
  readonly records: RecordAccess;
  readonly places: FilePlaces;
  readonly rows: FileRows;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Rows for bodies that are in the blob store already, in the transaction of what they hang in; from `start` on. */
  keepFiles(trx: Transaction, files: readonly NewFile[], options?: { readonly inBulk?: boolean }): Promise<void>;
}

/** What is there only once files are. */
export interface MailStart {
  readonly blobs: BlobStore;
  readonly queue: Queue;
  toPdf(source: PdfSource): Promise<Buffer>;
  /** The domain of an installation that has none. */
  readonly fallbackDomain: string;
  actorOf(request: EndpointRequest): Promise<Actor>;
  applyIntent(intent: Intent, actor: Actor): Promise<IntentResult>;
}

export interface Mail extends Pick<Smtp, "health" | "countQueue" | "countQuarantine"> {
  readonly endpoints: readonly Endpoint[];
  /** Keeps mail that comes with its past, each thing once; who came by other ways than the people service gets a mailbox first. */
  importMail(mail: ImportedMail): Promise<void>;
  stop(): Promise<void>;
}

export interface MailParts {
  readonly collections: readonly Collection[];
  readonly intents: readonly AnyIntent[];
  readonly jobs: readonly Job[];
  start(deps: MailStart): Promise<Mail>;
}

/** Snoozed until nine is there at nine, as far as anybody looks at a clock. */
const RETURN_MS = 15_000;

export function createMail(deps: MailDeps): MailParts {
  const { config, office, records, places, rows, clock, log, metrics, keepFiles } = deps;
  /** Of a mailbox that is fetched or an archive that is read in. */
  const keepInBulk: typeof keepFiles = (trx, kept) => keepFiles(trx, kept, { inBulk: true });
  const { access, db, doorbell, provisioning, types } = office;

  const ensureMailboxes = async () => {
    await db.transaction().execute((trx) => provisioning.ensureMailboxes(trx));
    doorbell.ring();
  };

  return {
    collections: mailCollections,
    intents: [
      ...messageIntents({ records }),
      ...ruleIntents({ records }),
      ...contactIntents,
      ...sendIntents({ places, rows, maxBytes: config.uploadMaxBytes, keepFiles }),
    ],
    jobs: [ruleRunJob({ db, clock, changed: () => doorbell.ring() })],
    async start({ blobs, fallbackDomain, actorOf, applyIntent, queue, toPdf }) {
      const stops = createStops(log);
      await db.transaction().execute((trx) => provisioning.ensureDomains(trx, fallbackDomain));
      await ensureMailboxes();

      const reader = createMessageReader();
      stops.push(() => reader.stop());
      const { read } = reader;
      const accounts = await createAccounts({
        config,
        office,
        blobs,
        read,
        clock,
        log,
        keepFiles: keepInBulk,
        actorOf,
      });
      const { credentials } = accounts;
      const smtp = await startSmtp({ config, office, blobs, read, clock, log, metrics, keepFiles, credentials });
      stops.push(() => smtp.stop());

      const webhooks = await createWebhooks({ config, office, blobs, clock, log, actorOf });
      stops.push(() => webhooks.stop());
      webhooks.start();

      const signingKey = await secretState(db, "files.signing");
      const dispatcher = createDispatcher({
        db,
        blobs,
        clock,
        log,
        types,
        records,
        keepFiles,
        toPdf,
        forward: forwardMessage,
        engine: access.engine,
        loadSubject: access.loadSubject,
        publicUrl: config.publicUrl,
        sharedPath: ({ fileId, messageId, expires }) =>
          `/f/${signTicket({ file: fileId, part: "content", share: messageId, expires }, signingKey)}`,
        changed: () => {
          doorbell.ring();
          smtp.wake();
        },
      });
      const stopListening = doorbell.onRing(() => dispatcher.wake());
      stops.push(async () => {
        stopListening();
        await dispatcher.stop();
      });
      dispatcher.start();

      const turn = () => returnDue({ db, clock, changed: () => doorbell.ring() });
      const returning = createDueLoop({ turn, everyMs: RETURN_MS, log, what: "messages that come back" });
      stops.push(() => returning.stop());
      returning.start();

      stops.push(() => accounts.stop());
      await accounts.start();

      const changed = () => doorbell.ring();
      const rest = { db, actorOf, applyIntent };
      const endpoints = [
        ...mailboxEndpoints({ ...rest, mailboxes: createMailboxService({ db, doorbell, clock }), changed }),
        ...messageEndpoints({ ...rest, blobs, records }),
        ...ruleEndpoints({ ...rest, queue }),
        ...contactEndpoints({ ...rest, changed }),
        ...remoteEndpoints({
          db,
          actorOf,
          pictures: createPictureFetcher({ allowPrivate: config.mail.picturesPrivate }),
        }),
        ...archiveEndpoints({
          db,
          actorOf,
          blobs,
          read,
          contents: { keepFiles: keepInBulk },
          now: () => new Date(clock.now()).toISOString(),
          changed,
        }),
      ];

      return {
        endpoints: [
          ...endpoints,
          ...sendEndpoints({ ...rest, timeZone: config.timeZone }),
          ...smtp.endpoints,
          ...accounts.endpoints,
          ...webhooks.endpoints,
          ...deliveryEndpoints({ db, actorOf, wake: smtp.wake, changed: () => doorbell.ring() }),
        ],
        health: smtp.health,
        countQueue: smtp.countQueue,
        countQuarantine: smtp.countQuarantine,
        async importMail(mail) {
          await ensureMailboxes();
          await importMail({ db, blobs, types, keepFiles }, mail);
          doorbell.ring();
        },
        stop: () => stops.all(),
      };
    },
  };
}
