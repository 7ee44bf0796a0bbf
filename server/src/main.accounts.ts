import type { Clock } from "@kontor/shared/base";
import type { Config } from "#config";
import type { BlobStore, NewFile } from "#files";
import { createSeal, secretState, type Endpoint, type Log, type Transaction } from "#kernel";
import {
  accountAdminEndpoints,
  accountEndpoints,
  applyRules,
  createAccountsRunner,
  createAccountsService,
  createCredentials,
  createOAuthFlows,
  createSlots,
  tellEvents,
  forwardMessage,
  googleOAuth,
  microsoftOAuth,
  type AccountEndpointDeps,
  type Credentials,
  type MessageReader,
} from "#mail";
import { createDiscoveryDns, createImapflow } from "./adapters/imap/index.ts";
import { createSubmissionCheck } from "./adapters/smtp/index.ts";
import type { Office } from "./main.office.ts";
import { readTrust } from "./main.trust.ts";

/** The part of mail that is about accounts at providers. */
export interface AccountsDeps {
  readonly config: Config;
  readonly office: Office;
  readonly blobs: BlobStore;
  readonly read: MessageReader["read"];
  readonly clock: Clock;
  readonly log: Log;
  keepFiles(trx: Transaction, files: readonly NewFile[]): Promise<void>;
  readonly actorOf: AccountEndpointDeps["actorOf"];
}

export interface Accounts {
  readonly endpoints: readonly Endpoint[];
  /** For whoever sends in an account's name. */
  readonly credentials: Credentials;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** First fillings at once on one node: each keeps a processor busy, and holds two batches in memory. */
const FILLINGS = 2;

export async function createAccounts(deps: AccountsDeps): Promise<Accounts> {
  const { config, office, blobs, read, clock, log, keepFiles, actorOf } = deps;
  const { accounts: settings } = config;
  const { db, doorbell } = office;
  const seal = createSeal(await secretState(db, "mail.seal"));
  const ca = await readTrust(settings.ca);
  const trust = ca === undefined ? {} : { ca };
  const providers = [
    ...(settings.google ? [googleOAuth(settings.google)] : []),
    ...(settings.microsoft ? [microsoftOAuth(settings.microsoft)] : []),
  ];
  const imap = createImapflow({ ...trust, allowInnerNetwork: settings.allowPrivate });
  const credentials = createCredentials({ db, seal, clock, providers, fetch });
  const flows = createOAuthFlows({ db, seal, clock, providers, fetch, publicUrl: config.publicUrl });
  const service = createAccountsService({
    db,
    clock,
    doorbell,
    dns: createDiscoveryDns(),
    credentials,
    flows,
    imap,
    submission: createSubmissionCheck({ ...trust, name: config.smtp.name, allowPrivate: settings.allowPrivate }),
  });
  const runner = createAccountsRunner({
    databaseUrl: office.url,
    db,
    blobs,
    contents: { keepFiles },
    read,
    clock,
    log,
    imap,
    credentials,
    doorbell,
    most: settings.perNode,
    fillings: createSlots(FILLINGS),
    hooks: {
      arrived: async (trx, placed) => {
        const [first] = placed;
        if (!first) return;
        const at = new Date(clock.now()).toISOString();
        const happened = placed.map(({ id: messageId, mailboxId }) => ({ mailboxId, messageId }));
        await tellEvents(trx, "mail.received", { at, happened });
        const messages = placed.map(({ id }) => ({ id }));
        await applyRules(trx, { forward: forwardMessage }, { mailboxId: first.mailboxId, messages, at });
      },
    },
    changed: () => doorbell.ring(),
  });
  return {
    endpoints: settings.isOn
      ? [
          ...accountEndpoints({ db, actorOf, accounts: service, flows }),
          ...accountAdminEndpoints({ db, accounts: service }),
        ]
      : [],
    credentials,
    async start() {
      if (settings.isOn) await runner.start();
    },
    stop: () => runner.stop(),
  };
}
