import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { grantAttributes, grantPolicies } from "@kontor/shared/access";
import { systemClock } from "@kontor/shared/base";
import type { SubjectAttributes } from "@kontor/shared/people";
import { accessRequestPolicies, accessRequestResource, createAccess, createGrantedSubjects } from "#access";
import type { Config } from "#config";
import {
  checkDatabase,
  createAuditLog,
  createDatabase,
  createDoorbell,
  lockDataDirectory,
  migrate,
  startEmbeddedPostgres,
  type Log,
} from "#kernel";
import { createProvisioning, mailPolicies, mailResources } from "#mail";
import { createTypeRegistry, objectTypeResource, resourceTypesOf, saveTypes } from "#objects";
import {
  createPeopleService,
  createServiceAccounts,
  createSessionService,
  ensureAdministrators,
  loadAdministrators,
  lockOrganisation,
  loadSubject,
  peopleResources,
} from "#people";
import { office as officePack } from "../packs/office/index.ts";
import type { Stops } from "./main.stops.ts";

/** The database and the services that need nothing else: what the server and the command line both stand on. */
export async function openOffice(
  config: Config,
  { log, stops, exclusive }: { log: Log; stops: Stops; exclusive: boolean },
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
    const lock = await lockDataDirectory({ url, directory: config.dataDirectory, log });
    mayStopDatabase = embedded !== undefined; // whoever holds the lock owns a database that was left running, too
    stops.push(() => lock.release());
  }
  if (!exclusive && mayStopDatabase) {
    // A command that started the database itself: a server may have come since then and stand on it.
    stops.push(async () => {
      const lock = await lockDataDirectory({ url, directory: config.dataDirectory, log }).catch(() => undefined);
      mayStopDatabase = lock !== undefined;
      await lock?.release();
    });
  }
  await migrate({ pool, directory: fileURLToPath(new URL("../migrations", import.meta.url)), log });

  const doorbell = await createDoorbell({ url, log });
  stops.push(() => doorbell.close());
  const audit = createAuditLog({ db, clock });
  const subjectAttributes = officePack.subjectAttributes ?? {};
  const services = createServiceAccounts({ db, clock, subjectAttributes });
  const sessions = createSessionService({ db, clock, audit, services });
  const provisioning = createProvisioning({ domains: config.mail.domains });
  const people = createPeopleService({
    db,
    doorbell,
    sessions,
    clock,
    subjectAttributes,
    async mayAdminister(trx, userId) {
      const [subject] = await Promise.all([loadSubject(trx, userId), access.refresh()]);
      return subject !== undefined && access.mayAdminister(subject);
    },
    settle: provisioning.settle,
  });
  const administrators = await ensureAdministrators(db);
  const types = createTypeRegistry(officePack.types);
  await saveTypes(db, types);
  const recordTypes = resourceTypesOf(types.all());
  const loadGranted = createGrantedSubjects({ clock, types, loadSubject });
  const access = await createAccess({
    db,
    log,
    clock,
    resources: [...peopleResources, objectTypeResource, accessRequestResource, ...mailResources, ...recordTypes],
    policies: officePack.policies,
    builtIn: [...accessRequestPolicies, ...mailPolicies, ...grantPolicies(recordTypes)],
    subjectAttributes: { ...kindsOf(subjectAttributes), ...grantAttributes(recordTypes) },
    loadSubject: (userId) => loadGranted(db, userId),
    loadAdministrators: () => loadAdministrators(db),
    holdPeople: lockOrganisation,
    doorbell,
  });
  stops.push(async () => access.close());
  return {
    clock,
    url,
    db,
    pool,
    types,
    postgresVersion,
    doorbell,
    audit,
    services,
    sessions,
    people,
    provisioning,
    access,
    loadGranted,
    administrators,
    subjectAttributes,
  };
}

const kindsOf = (declared: SubjectAttributes) =>
  Object.fromEntries(Object.entries(declared).map(([name, { kind }]) => [name, kind]));

export type Office = Awaited<ReturnType<typeof openOffice>>;
