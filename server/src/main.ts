import { fileURLToPath } from "node:url";
import type { Express } from "express";
import { canonicalJson, DomainError, hash64, isId, newId, type Json } from "@kontor/shared/base";
import { PROTOCOL_VERSION } from "@kontor/shared/protocol";
import {
  accessRequestsCollection,
  authzenEndpoints,
  dryRunEndpoints,
  grantEndpoints,
  grantIntents,
  notePolicyWords,
  policyWordsCollection,
  type AccessService,
} from "#access";
import { adminEndpoints, countRows, examineDisk, mountConsole, startSampler } from "#admin";
import type { Config } from "#config";
import { createFilePlaces, createFileRows, createRecordPlace, fileIntents, filesCollection } from "#files";
import {
  createHttp,
  createLog,
  createMetrics,
  mountApiDocs,
  readState,
  version,
  type Actor,
  type AnyIntent,
  type Collection,
  type Database,
  type Endpoint,
  type EndpointRequest,
  type Job,
  type Log,
} from "#kernel";
import { attachmentPlace } from "#mail";
import {
  createRecordAccess,
  findRecordIds,
  findResource,
  objectCollections,
  objectEndpoints,
  objectIntents,
  peopleInDatabase,
} from "#objects";
import {
  countEndingTokens,
  findPerson,
  findSubject,
  isDeviceRevoked,
  loadSubject,
  pagePeople,
  peopleCollections,
  peopleEndpoints,
  signInEndpoints,
} from "#people";
import { createSync, type Sync } from "#sync";
import { demoDomain, loadDemo, type LoadedDemo } from "../packs/office/demo/index.ts";
import { startAdministration } from "./main.access.ts";
import { startAuditing } from "./main.audit.ts";
import { startDryRuns } from "./main.dryRun.ts";
import { startFiles } from "./main.files.ts";
import { createMail } from "./main.mail.ts";
import { openOffice } from "./main.office.ts";
import { createStops, type Stops } from "./main.stops.ts";
import { startSweeping } from "./main.sweep.ts";

const DRAIN_MS = 10_000; // what a proxy waits before it gives a request to another node

export interface Kontor {
  readonly url: string;
  /** The demo company, when it was asked for. */
  readonly demo: LoadedDemo | undefined;
  /** Every door of this server, for whoever must look at all of them. */
  readonly inventory: Inventory;
  stop(): Promise<void>;
}

export interface Inventory {
  readonly app: Express;
  readonly endpoints: readonly Endpoint[];
  readonly collections: readonly Collection[];
  readonly intents: readonly AnyIntent[];
  readonly jobs: readonly Job[];
  readonly db: Database;
  readonly access: AccessService;
  readonly sync: Sync;
}

/** Builds the server from its parts; the only place that names adapters. */
export async function startKontor(config: Config, { demo = false }: { demo?: boolean } = {}): Promise<Kontor> {
  const log = createLog({ level: config.logLevel });
  const stops = createStops(log);
  try {
    return await assemble(config, log, stops, demo);
  } catch (error) {
    await stops.all();
    throw error;
  }
}

async function assemble(config: Config, log: Log, stops: Stops, withDemo: boolean): Promise<Kontor> {
  const office = await openOffice(config, { log, stops, exclusive: true });
  const { clock, db, pool, types, doorbell, services, sessions, people, access } = office;
  const metrics = createMetrics();
  const info = {
    product: "kontor" as const,
    version,
    protocol: PROTOCOL_VERSION,
    serverId: await readState(db, "server.id", newId),
    name: config.name,
  };
  const actorOf = async (request: EndpointRequest): Promise<Actor> => {
    if (!request.principal) throw new DomainError("unauthenticated", "Sign in first.", { reason: "signIn.needed" });
    return {
      principal: request.principal,
      subject: await access.subjectOf(request.principal.userId),
      context: access.contextOf(request.principal, request.ip),
      engine: access.engine(),
      now: new Date(clock.now()).toISOString(),
    };
  };

  const parent = createRecordAccess({ types });
  const places = createFilePlaces([createRecordPlace({ parent }), attachmentPlace]);
  const rows = createFileRows({ places });
  const mailParts = createMail({
    config,
    office,
    records: parent,
    places,
    rows,
    clock,
    log,
    metrics,
    keepFiles: (trx, kept, options) => files.keep(trx, kept, options),
  });
  const collections = [
    ...objectCollections({ types }),
    filesCollection({ parent }),
    ...peopleCollections,
    policyWordsCollection(access.engine, types),
    accessRequestsCollection,
    ...mailParts.collections,
  ];
  const grants = { types, loadSubject, loadResource: findResource };
  const intents = [
    ...objectIntents({ types, people: peopleInDatabase, timeZone: config.timeZone }),
    ...fileIntents({ parent, places, rows, maxBytes: config.uploadMaxBytes }),
    ...grantIntents(grants),
    ...mailParts.intents,
  ];
  const sync = createSync({
    db,
    audit: office.audit,
    doorbell,
    collections,
    intents,
    access: access.engine,
    async authenticate(token) {
      const principal = await sessions.authenticate(token);
      if (!principal) throw new DomainError("unauthenticated", "The session has ended.", { reason: "signIn.expired" });
      // A replica belongs to a person and a device; a service asks and acts over HTTP.
      if (principal.isService)
        throw new DomainError("forbidden", "A service has no replica.", { reason: "service.noAccount" });
      return principal;
    },
    loadSubject: access.loadSubject,
    // What subjects are made of: a change of one of these is a change of what its reader may see.
    subjectCollections: ["people", "departments", "groups", "positions", "accessRequests"],
    epoch: await readState(db, "sync.epoch", newId),
    leaseMs: config.leaseMs,
    origins: () => (config.publicUrl === undefined ? [] : [new URL(config.publicUrl).origin]),
    isDeviceRevoked: (deviceId) => isDeviceRevoked(db, deviceId),
    schemaRev: hash64(canonicalJson(types.all() as unknown as Json)),
    addressOf: (request) => http.clientOf(request),
    clock,
    log,
    metrics,
  });
  sessions.onEnded((ended) => sync.kick(ended));
  access.onPublished(
    () =>
      void sync
        .recompute()
        .catch((error: unknown) => log.error({ err: error }, "recomputing after a change of policies")),
  );
  await notePolicyWords(db, access.engine(), types);
  access.onPublished(
    (engine) =>
      void notePolicyWords(db, engine, types)
        .then((changed) => (changed ? doorbell.ring() : undefined))
        .catch((error: unknown) => log.error({ err: error }, "telling replicas of new words of policies")),
  );

  const dryRuns = startDryRuns({ db, types, access, collections, clock, log });
  stops.push(async () => dryRuns.stop());
  const files = await startFiles({
    config,
    databaseUrl: office.url,
    db,
    doorbell,
    access,
    audit: office.audit,
    parent,
    places,
    rows,
    clock,
    log,
    authenticate: (token) => sessions.authenticate(token),
    actorOf,
    applyIntent: (intent, actor) => sync.applyIntent(actor.principal, intent, actor.context.ip),
    otherJobs: [dryRuns.job, ...mailParts.jobs],
  });
  stops.push(() => files.stop());
  const mail = await mailParts.start({
    blobs: files.blobs,
    queue: files.queue,
    toPdf: files.toPdf,
    fallbackDomain: withDemo ? demoDomain : config.mail.fallbackDomain,
    actorOf,
    applyIntent: (intent, actor) => sync.applyIntent(actor.principal, intent, actor.context.ip),
  });
  stops.push(() => mail.stop());
  const { trashDays } = config.mail;
  const sweeping = startSweeping({ db, blobs: files.blobs, clock, doorbell, trashDays, log });
  stops.push(() => sweeping.stop());
  const demo = withDemo
    ? await loadDemo({
        db,
        types,
        timeZone: config.timeZone,
        now: clock.now(),
        storeFile: files.importFile,
        importMail: mail.importMail,
      })
    : undefined;

  const auditing = startAuditing({ config, office, collections, log, actorOf });
  stops.push(() => auditing.stop());

  const sampler = startSampler({
    clock,
    log,
    gauges: {
      connections: () => sync.connectionCount(),
      queue: () => files.waiting(),
      memoryBytes: () => process.memoryUsage.rss(),
      databaseMs: async () => {
        const started = performance.now();
        await pool.query("select 1");
        return Math.round((performance.now() - started) * 10) / 10;
      },
    },
  });
  stops.push(async () => sampler.stop());

  const endpoints = [
    ...signInEndpoints({
      db,
      sessions,
      info,
      leaseMs: config.leaseMs,
      clock,
      maySystem: access.maySystem,
      secureCookies: config.publicUrl?.startsWith("https:") ?? false,
    }),
    ...peopleEndpoints({ db, people, sessions, clock, services, subjectAttributes: office.subjectAttributes }),
    ...startAdministration(office).endpoints,
    ...authzenEndpoints({
      access,
      publicUrl: config.publicUrl,
      loadResource: async (type, id) =>
        type === "person" ? findPerson(db, id) : isId(id) ? findResource(db, access.engine(), { type, id }) : undefined,
      async findSubject(type, id) {
        const found = await findSubject(db, type, id);
        return found && office.loadGranted(db, found.id);
      },
      pagePeople: (after, limit) => pagePeople(db, after, limit),
      loadPerson: (id) => office.loadGranted(db, id),
      findRecords: (question) => findRecordIds(db, question),
    }),
    ...grantEndpoints({
      ...grants,
      db,
      actorOf,
      applyIntent: (intent, actor) => sync.applyIntent(actor.principal, intent, actor.context.ip),
    }),
    ...objectEndpoints({
      db,
      types,
      audit: office.audit,
      actorOf,
      applyIntent: (intent, actor) => sync.applyIntent(actor.principal, intent, actor.context.ip),
    }),
    ...dryRunEndpoints({ db, dryRuns, queue: files.queue }),
    ...files.endpoints,
    ...mail.endpoints,
    ...auditing.endpoints,
    ...adminEndpoints({
      version,
      name: config.name,
      startedAt: new Date(clock.now()).toISOString(),
      sampler,
      parts: {
        database: async () => {
          await pool.query("select 1");
          return { state: "ok", words: `PostgreSQL ${office.postgresVersion}` };
        },
        disk: () => examineDisk(config.dataDirectory),
        previews: () => files.health(),
        services: async () => {
          const ending = await countEndingTokens(db, clock);
          return ending === 0
            ? { state: "ok", words: "No token ends within 30 days" }
            : { state: "poor", words: `Tokens that end within 30 days: ${ending}` };
        },
        audit: () => auditing.health(),
        mail: () => mail.health(),
      },
      counts: {
        people: () => countRows(db, "app_user"),
        records: () => countRows(db, "record"),
        files: () => countRows(db, "file"),
        devices: () => countRows(db, "device"),
        mailQueue: () => mail.countQueue(),
        quarantine: () => mail.countQuarantine(),
      },
    }),
  ];
  const http = createHttp({
    host: config.host,
    port: config.port,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    metricsToken: config.metricsToken,
    version,
    log,
    metrics,
    authenticate: ({ token }) => sessions.authenticate(token),
    maySystem: access.maySystem,
    audit: office.audit,
    checks: { database: async () => ((await pool.query("select 1")).rowCount === 1 ? true : "no answer") },
    endpoints,
    mount(app) {
      mountApiDocs(app);
      files.mount(app);
      mountConsole(app, { directory: fileURLToPath(new URL("../console/dist", import.meta.url)) });
    },
  });
  sync.attach(http.server);
  const port = await http.listen();
  // At once, so that /readyz tells the proxy before the sockets are done, and not after.
  stops.push(() => Promise.all([http.drain(DRAIN_MS), sync.drain()]));

  const address = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  log.info({ url: address, postgres: office.postgresVersion, data: config.dataDirectory }, "Kontor is listening");
  return {
    url: address,
    demo,
    inventory: { app: http.app, endpoints, collections, intents, jobs: files.jobs, db, access, sync },
    stop: () => stops.all(),
  };
}
