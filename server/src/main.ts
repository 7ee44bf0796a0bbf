import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DomainError, newId, systemClock } from "@kontor/shared/base";
import { PROTOCOL_VERSION } from "@kontor/shared/protocol";
import { accessEndpoints, createAccess } from "#access";
import { adminEndpoints, countRows, examineDisk, mountConsole, startSampler } from "#admin";
import type { Config } from "#config";
import { fileIntents, filesCollection } from "#files";
import {
  checkDatabase,
  createDatabase,
  createDoorbell,
  createHttp,
  createLog,
  createMetrics,
  lockDataDirectory,
  migrate,
  mountApiDocs,
  readState,
  startEmbeddedPostgres,
  version,
  type Actor,
  type EndpointRequest,
  type Log,
} from "#kernel";
import {
  createRecordAccess,
  createTypeRegistry,
  findResource,
  objectCollections,
  objectEndpoints,
  objectIntents,
  objectTypeResource,
  peopleInDatabase,
  resourceTypeOf,
  saveTypes,
} from "#objects";
import {
  createPeopleService,
  createSessionService,
  ensureAdministrators,
  loadAdministrators,
  loadSubject,
  peopleCollections,
  peopleEndpoints,
  peopleResources,
  signInEndpoints,
} from "#people";
import { createSync } from "#sync";
import { loadDemo, type LoadedDemo } from "../packs/office/demo/index.ts";
import { office as officePack } from "../packs/office/index.ts";
import { startFiles } from "./main.files.ts";

const DRAIN_MS = 10_000; // what a proxy waits before it gives a request to another node

/** Things that were started, stopped in the opposite order; one that fails to stop does not keep the others running. */
export function createStops(log: Log) {
  const stops: (() => Promise<unknown>)[] = [];
  return {
    push: (stop: () => Promise<unknown>) => void stops.push(stop),
    async all() {
      for (const stop of stops.splice(0).reverse())
        await stop().catch((error: unknown) => log.error({ err: error }, "stopping"));
    },
  };
}

/** The database and the services that need nothing else: what the server and the command line both stand on. */
export async function openOffice(
  config: Config,
  { log, stops, exclusive }: { log: Log; stops: ReturnType<typeof createStops>; exclusive: boolean },
) {
  const clock = systemClock;
  await mkdir(config.dataDirectory, { recursive: true });
  const embedded =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres({ directory: join(config.dataDirectory, "postgres"), log })
      : undefined;
  const url = config.databaseUrl ?? embedded?.url ?? "";
  let mayStopDatabase = embedded?.startedHere ?? false;
  stops.push(async () => (mayStopDatabase ? embedded?.stop() : undefined));

  const { db, pool } = createDatabase({ url, poolSize: config.databasePool, log });
  stops.push(() => db.destroy());
  const { version: postgresVersion } = await checkDatabase(pool);
  if (exclusive) {
    const lock = await lockDataDirectory({ url, directory: config.dataDirectory });
    mayStopDatabase = embedded !== undefined; // whoever holds the lock owns a database that was left running, too
    stops.push(() => lock.release());
  }
  await migrate({ pool, directory: fileURLToPath(new URL("../migrations", import.meta.url)), log });

  const doorbell = await createDoorbell({ url, log });
  stops.push(() => doorbell.close());
  const sessions = createSessionService({ db, clock });
  const people = createPeopleService({ db, doorbell, sessions, clock });
  const administrators = await ensureAdministrators(db);
  const types = createTypeRegistry(officePack.types);
  await saveTypes(db, types);
  const access = await createAccess({
    db,
    log,
    clock,
    resources: [...peopleResources, objectTypeResource, ...types.all().map(resourceTypeOf)],
    policies: officePack.policies,
    loadSubject: (userId) => loadSubject(db, userId),
    loadAdministrators: () => loadAdministrators(db),
  });
  return { clock, url, db, pool, types, postgresVersion, doorbell, sessions, people, access, administrators };
}

export interface Kontor {
  readonly url: string;
  /** The demo company, when it was asked for. */
  readonly demo: LoadedDemo | undefined;
  stop(): Promise<void>;
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

async function assemble(
  config: Config,
  log: Log,
  stops: ReturnType<typeof createStops>,
  withDemo: boolean,
): Promise<Kontor> {
  const office = await openOffice(config, { log, stops, exclusive: true });
  const { clock, db, pool, types, doorbell, sessions, people, access } = office;
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
  const sync = createSync({
    db,
    doorbell,
    collections: [...objectCollections({ types }), filesCollection, ...peopleCollections],
    intents: [
      ...objectIntents({ types, people: peopleInDatabase, timeZone: config.timeZone }),
      ...fileIntents({ parent, maxBytes: config.uploadMaxBytes }),
    ],
    access: access.engine,
    async authenticate(token) {
      const principal = await sessions.authenticate(token);
      if (!principal) throw new DomainError("unauthenticated", "The session has ended.", { reason: "signIn.expired" });
      return principal;
    },
    loadSubject: (userId) => loadSubject(db, userId),
    epoch: await readState(db, "sync.epoch", newId),
    leaseMs: config.leaseMs,
    origins: () => (config.publicUrl === undefined ? [] : [new URL(config.publicUrl).origin]),
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

  const files = await startFiles({
    config,
    databaseUrl: office.url,
    db,
    doorbell,
    access,
    parent,
    clock,
    log,
    authenticate: (token) => sessions.authenticate(token),
    actorOf,
    applyIntent: (intent, actor) => sync.applyIntent(actor.principal, intent),
  });
  stops.push(() => files.stop());
  const demo = withDemo
    ? await loadDemo({ db, types, timeZone: config.timeZone, now: clock.now(), storeFile: files.importFile })
    : undefined;

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

  const http = createHttp({
    host: config.host,
    port: config.port,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    version,
    log,
    metrics,
    authenticate: ({ token }) => sessions.authenticate(token),
    maySystem: access.maySystem,
    checks: { database: async () => ((await pool.query("select 1")).rowCount === 1 ? true : "no answer") },
    endpoints: [
      ...signInEndpoints({
        db,
        sessions,
        info,
        leaseMs: config.leaseMs,
        clock,
        secureCookies: config.publicUrl?.startsWith("https:") ?? false,
      }),
      ...peopleEndpoints({ db, people, sessions }),
      ...accessEndpoints({ access, loadResource: (type, id) => findResource(db, type, id) }),
      ...objectEndpoints({
        db,
        types,
        actorOf,
        applyIntent: (intent, actor) => sync.applyIntent(actor.principal, intent),
      }),
      ...files.endpoints,
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
        },
        counts: {
          people: () => countRows(db, "app_user"),
          records: () => countRows(db, "record"),
          files: () => countRows(db, "file"),
          devices: () => countRows(db, "device"),
        },
      }),
    ],
    mount(app) {
      mountApiDocs(app);
      files.mount(app);
      mountConsole(app, { directory: fileURLToPath(new URL("../console/dist", import.meta.url)) });
    },
  });
  sync.attach(http.server);
  const port = await http.listen();
  stops.push(() => http.drain(DRAIN_MS));
  stops.push(() => sync.drain());

  const address = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  log.info({ url: address, postgres: office.postgresVersion, data: config.dataDirectory }, "Kontor is listening");
  return { url: address, demo, stop: () => stops.all() };
}
