import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import type { Clock } from "@kontor/shared/base";
import { createWebhookSender } from "./adapters/web/index.ts";
import type { Config } from "#config";
import type { BlobStore } from "#files";
import { createSeal, secretState, type Endpoint, type Log } from "#kernel";
import { createOffNotice, mailEvents, webhookAdminEndpoints, webhookEndpoints } from "#mail";
import { loadAdministrators } from "#people";
import { createEventDelivery, createWebhookService } from "#webhooks";
import type { MailStart } from "./main.mail.ts";
import type { Office } from "./main.office.ts";

/** The part of the composition root that is about programs which are told of what happens here. */
export interface WebhookDeps extends Pick<MailStart, "actorOf"> {
  readonly config: Config;
  readonly office: Office;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Webhooks {
  readonly endpoints: readonly Endpoint[];
  start(): void;
  stop(): Promise<void>;
}

export async function createWebhooks({ config, office, blobs, clock, log, actorOf }: WebhookDeps): Promise<Webhooks> {
  const { db, access } = office;
  const { allowPrivate, ca: file } = config.webhooks;
  const own = file === undefined ? undefined : await readFile(file, "utf8");
  const seal = createSeal(await secretState(db, "webhooks.seal"));
  const delivery = createEventDelivery({
    db,
    clock,
    log,
    seal,
    sender: createWebhookSender({ allowPrivate, ca: own === undefined ? undefined : [...rootCertificates, own] }),
    sources: [mailEvents],
    engine: access.engine,
    loadSubject: access.loadSubject,
    tellOff: createOffNotice({
      db,
      blobs,
      clock,
      ownName: config.smtp.name,
      administrators: async () => (await loadAdministrators(db)).map(({ id }) => id),
    }),
  });
  const webhooks = createWebhookService({ db, seal, clock, wake: delivery.wake });
  return {
    endpoints: [
      ...webhookEndpoints({ db, actorOf, webhooks }),
      ...webhookAdminEndpoints({
        db,
        webhooks,
        async readerOf(subjectId) {
          const subject = await access.loadSubject(subjectId);
          const time = new Date(clock.now()).toISOString();
          return subject && { subject, engine: access.engine(), context: { time, channel: "api" } };
        },
      }),
    ],
    start: delivery.start,
    stop: delivery.stop,
  };
}
