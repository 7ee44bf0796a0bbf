import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId, systemClock } from "@kontor/shared/base";
import { PROTOCOL_VERSION } from "@kontor/shared/protocol";
import { accessEndpoints, createAccess } from "#access";
import type { Config } from "#config";
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
  type Log,
} from "#kernel";
import {
  createPeopleService,
  createSessionService,
  ensureAdministrators,
  loadAdministrators,
  loadSubject,
  peopleEndpoints,
  peopleResources,
  signInEndpoints,
} from "#people";

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
  const access = await createAccess({
    db,
    log,
    clock,
    resources: [...peopleResources],
    policies: [],
    loadSubject: (userId) => loadSubject(db, userId),
    loadAdministrators: () => loadAdministrators(db),
  });
  return { clock, url, db, pool, postgresVersion, doorbell, sessions, people, access, administrators };
}

export interface Kontor {
  readonly url: string;
  stop(): Promise<void>;
}

/** Builds the server from its parts; the only place that names adapters. */
export async function startKontor(config: Config): Promise<Kontor> {
  const log = createLog({ level: config.logLevel });
  const stops = createStops(log);
  try {
    return await assemble(config, log, stops);
  } catch (error) {
    await stops.all();
    throw error;
  }
}

async function assemble(config: Config, log: Log, stops: ReturnType<typeof createStops>): Promise<Kontor> {
  const { clock, db, pool, postgresVersion, sessions, people, access } = await openOffice(config, {
    log,
    stops,
    exclusive: true,
  });
  const metrics = createMetrics();
  const info = {
    product: "kontor" as const,
    version,
    protocol: PROTOCOL_VERSION,
    serverId: await readState(db, "server.id", newId),
    name: config.name,
  };

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
      ...accessEndpoints({ access, loadResource: async () => undefined }),
    ],
    mount: mountApiDocs,
  });
  const port = await http.listen();
  stops.push(() => http.drain(DRAIN_MS));

  const address = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  log.info({ url: address, postgres: postgresVersion, data: config.dataDirectory }, "Kontor is listening");
  return { url: address, stop: () => stops.all() };
}
