import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock, newId } from "@kontor/shared/base";
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

export interface Kontor {
  readonly url: string;
  stop(): Promise<void>;
}

/** Builds the server from its parts; the only place that names adapters. */
export async function startKontor(config: Config): Promise<Kontor> {
  const log = createLog({ level: config.logLevel });
  const clock = systemClock;
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse())
      await stop().catch((error: unknown) => log.error({ err: error }, "stopping"));
  };
  try {
    return await assemble();
  } catch (error) {
    await stopAll();
    throw error;
  }

  async function assemble(): Promise<Kontor> {
    await mkdir(config.dataDirectory, { recursive: true });
    const embedded =
      config.databaseUrl === undefined
        ? await startEmbeddedPostgres({ directory: join(config.dataDirectory, "postgres"), log })
        : undefined;
    const url = config.databaseUrl ?? embedded?.url ?? "";
    const { db, pool } = createDatabase({ url, poolSize: config.databasePool, log });
    stops.push(() => db.destroy());
    const { version: postgresVersion } = await checkDatabase(pool);
    const lock = await lockDataDirectory({ url, directory: config.dataDirectory });
    if (embedded) stops.unshift(() => embedded.stop()); // only its holder may stop the database
    stops.push(() => lock.release());
    await migrate({ pool, directory: fileURLToPath(new URL("../migrations", import.meta.url)), log });

    const metrics = createMetrics();
    const doorbell = await createDoorbell({ url, log });
    stops.push(() => doorbell.close());

    const info = {
      product: "kontor" as const,
      version,
      protocol: PROTOCOL_VERSION,
      serverId: await readState(db, "server.id", newId),
      name: config.name,
    };
    const sessions = createSessionService({ db, clock });
    const people = createPeopleService({ db, doorbell, sessions, clock });
    await ensureAdministrators(db);
    const access = await createAccess({
      db,
      log,
      clock,
      resources: [...peopleResources],
      policies: [],
      loadSubject: (userId) => loadSubject(db, userId),
      loadAdministrators: () => loadAdministrators(db),
    });

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
    return { url: address, stop: stopAll };
  }
}
