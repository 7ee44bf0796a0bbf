import { readFile } from "node:fs/promises";
import type { Clock } from "@kontor/shared/base";
import { ownAnswers } from "@kontor/shared/mail";
import {
  createInboundCounters,
  createSmtpTransport,
  createSystemDns,
  startListener,
  type Certificate,
  type MailListener,
} from "./adapters/smtp/index.ts";
import type { PartHealth } from "#admin";
import type { Config } from "#config";
import type { BlobStore, NewFile } from "#files";
import { createSeal, secretState, type Endpoint, type Log, type Metrics, type Transaction } from "#kernel";
import {
  accountRoute,
  countQueue,
  createDomains,
  createDueLoop,
  createInboundDelivery,
  createIntake,
  createOutboundQueue,
  createOwnNames,
  createQuarantine,
  domainAdminEndpoints,
  forwardMessage,
  quarantineAdminEndpoints,
  queueAdminEndpoints,
  receiveMessage,
  type Credentials,
  type MessageReader,
  type Route,
} from "#mail";
import { loadAdministrators } from "#people";
import type { Office } from "./main.office.ts";
import { createStops } from "./main.stops.ts";
import { readTrust } from "./main.trust.ts";

/** The part of the composition root that is about mail with other servers: what leaves, what comes in, and own domains. */
export interface SmtpDeps {
  readonly config: Config;
  readonly office: Office;
  readonly blobs: BlobStore;
  readonly read: MessageReader["read"];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  keepFiles(trx: Transaction, files: readonly NewFile[]): Promise<unknown>;
  /** How external accounts sign in. Absent: there are none. */
  readonly credentials?: Pick<Credentials, "of">;
}

export interface Smtp {
  readonly endpoints: readonly Endpoint[];
  /** Something was put into the queue to the outside. */
  wake(): void;
  health(): Promise<PartHealth>;
  countQueue(): Promise<number>;
  countQuarantine(): Promise<number>;
  stop(): Promise<void>;
}

const LOOK_MS = 10 * 60_000; // at the DNS of our domains, and at the certificate
const LATE_SECONDS = 4 * 3_600; // when a sender is told that it takes long, an administrator should know

export async function startSmtp(deps: SmtpDeps): Promise<Smtp> {
  const { config, office, blobs, clock, log, metrics } = deps;
  const { db, doorbell, types } = office;
  const { smtp } = config;
  const stops = createStops(log);
  const changed = () => doorbell.ring();
  const dns = createSystemDns(smtp.nameServers ? { servers: smtp.nameServers } : {});
  const relayed = smtp.send === "relay";
  const domains = createDomains({
    db,
    clock,
    log,
    dns,
    seal: createSeal(await secretState(db, "mail.seal")),
    own: { name: smtp.name, relayHost: relayed ? smtp.relay?.host : undefined },
  });

  const delivering = {
    db,
    clock,
    log,
    metrics,
    blobs,
    read: deps.read,
    keepFiles: deps.keepFiles,
    receive: (trx: Transaction, arrival: Parameters<typeof receiveMessage>[2]) =>
      receiveMessage(trx, { types, forward: forwardMessage }, arrival),
    ownNames: createOwnNames(db, clock),
    administrators: async () => (await loadAdministrators(db)).map(({ id }) => id),
    changed,
  };
  const delivery = createInboundDelivery(delivering);
  const quarantine = createQuarantine(delivering);
  const queue = createOutboundQueue({
    db,
    clock,
    log,
    metrics,
    blobs,
    relayed,
    transport: createSmtpTransport({ dns, name: smtp.name, allowPrivate: smtp.allowPrivate, mxPort: smtp.mxPort }),
    routeOf: await routes(deps),
    signingKeys: domains.signingKeys,
    noticed: delivery.wake,
    changed,
    ownName: smtp.name,
    timeZone: config.timeZone,
    limits: { perLane: smtp.connections, perMinute: smtp.perMinute },
  });
  // Domains come with the configuration, and keys are made for them; the DNS is none of the business of who sends no mail.
  const isOpen = smtp.send !== "off" || smtp.listen !== undefined || smtp.lmtpListen !== undefined;
  const looks = createDueLoop({ turn: look, everyMs: LOOK_MS, log, what: "the DNS of our domains" });
  let certificate = await readCertificate(smtp.tls);
  const listeners: MailListener[] = [];
  stops.push(() => looks.stop());
  stops.push(() => queue.stop());
  stops.push(() => delivery.stop());
  // What comes in is turned away first: whoever sends tries again.
  stops.push(() => Promise.all(listeners.map((listener) => listener.stop())));
  try {
    await startListeners();
  } catch (error) {
    await stops.all();
    throw error;
  }
  delivery.start();
  queue.start();
  if (isOpen) looks.start();

  async function startListeners(): Promise<void> {
    const intake = createIntake({
      db,
      clock,
      blobs,
      dns,
      ownName: smtp.name,
      refusesForged: smtp.refusesForged,
      taken: delivery.wake,
    });
    const counters = createInboundCounters(metrics);
    for (const protocol of ["smtp", "lmtp"] as const) {
      const listen = protocol === "smtp" ? smtp.listen : smtp.lmtpListen;
      if (listen)
        listeners.push(await startListener({ protocol, listen, name: smtp.name, intake, certificate, log, counters }));
    }
  }

  async function look(): Promise<boolean> {
    await domains.checkDue();
    const renewed = await readCertificate(smtp.tls);
    if (renewed && renewed.cert !== certificate?.cert) {
      certificate = renewed;
      for (const listener of listeners) listener.useCertificate(renewed);
      log.info("the certificate for mail was renewed");
    }
    return false;
  }

  async function health(): Promise<PartHealth> {
    const [counts, quarantined, troubled] = await Promise.all([
      countQueue(db),
      quarantine.count(),
      isOpen ? domains.troubled() : [],
    ]);
    const open = counts.waiting + counts.delayed + counts.sending;
    const words = [
      `Queue: ${open}${counts.held > 0 ? `, held ${counts.held}` : ""}`,
      `quarantine: ${quarantined}`,
      ...(queue.lastSuccess() === undefined ? [] : [`last sent ${queue.lastSuccess()}`]),
      ...(delivery.lastSuccess() === undefined ? [] : [`last received ${delivery.lastSuccess()}`]),
      ...(troubled.length > 0 ? [`DNS of ${troubled.join(", ")}`] : []),
      ...(open > 0 && smtp.send === "off" ? ["no way out is configured (KONTOR_SMTP_SEND)"] : []),
    ].join("; ");
    const isPoor =
      quarantined > 0 ||
      troubled.length > 0 ||
      counts.oldestSeconds > LATE_SECONDS ||
      (open > 0 && smtp.send === "off");
    return { state: isPoor ? "poor" : "ok", words };
  }

  return {
    endpoints: [
      ...domainAdminEndpoints({ domains }),
      ...queueAdminEndpoints({ db, clock, wake: queue.wake, changed }),
      ...quarantineAdminEndpoints({ quarantine }),
    ],
    wake: queue.wake,
    health,
    async countQueue() {
      const { waiting, delayed, sending, held } = await countQueue(db);
      return waiting + delayed + sending + held;
    },
    countQuarantine: () => quarantine.count(),
    stop: () => stops.all(),
  };
}

async function routes({ config: { accounts, smtp }, office: { db }, credentials }: SmtpDeps) {
  const ca = smtp.relay?.ca === undefined ? undefined : await readFile(smtp.relay.ca, "utf8");
  const accountsCa = await readTrust(accounts.ca);
  return async ({
    accountId,
    domain,
    rows,
  }: {
    accountId: string | undefined;
    domain: string;
    rows: readonly { readonly reply: string | null }[];
  }): Promise<Route | { readonly kind: "none"; readonly words: string }> => {
    if (accountId !== undefined) {
      if (!credentials) return { kind: "none", words: ownAnswers.noAccounts };
      const isRefused = rows.some(({ reply }) => reply?.startsWith("535"));
      return accountRoute({ db, credentials, ca: accountsCa }, accountId, isRefused);
    }
    if (smtp.send === "direct") return { kind: "mx", domain };
    const { relay } = smtp;
    if (smtp.send !== "relay" || !relay) return { kind: "none", words: ownAnswers.sendsNothing };
    const { host, port, security, user, password } = relay;
    return {
      kind: "relay",
      host,
      port,
      security,
      ...(user !== undefined && password !== undefined && { auth: { user, password } }),
      ...(ca !== undefined && { ca }),
    };
  };
}

const readCertificate = async (
  files: { readonly cert: string; readonly key: string } | undefined,
): Promise<Certificate | undefined> =>
  files && { cert: await readFile(files.cert, "utf8"), key: await readFile(files.key, "utf8") };
