import { auditEndpoints, startAudit, type AuditService } from "#audit";
import type { Config } from "#config";
import type { Actor, Collection, Endpoint, EndpointRequest, Log } from "#kernel";
import { createProjector } from "#sync";
import type { Office } from "./main.office.ts";

/** The part of the composition root that is about the audit log. */
export function startAuditing({
  config,
  office,
  collections,
  log,
  actorOf,
}: {
  readonly config: Config;
  readonly office: Office;
  readonly collections: readonly Collection[];
  readonly log: Log;
  actorOf(request: EndpointRequest): Promise<Actor>;
}): { readonly endpoints: readonly Endpoint[] } & Pick<AuditService, "health" | "stop"> {
  const { db, clock, doorbell, access } = office;
  const audit = startAudit({ db, doorbell, audit: office.audit, clock, log, days: config.auditDays });
  const projector = createProjector(collections);

  /** The same projection as everywhere: an auditor reads the name of a record whose name they may read. */
  async function namesOf(
    request: EndpointRequest,
    { people, records }: { readonly people: readonly string[]; readonly records: readonly string[] },
  ): Promise<Record<string, string>> {
    const actor = await actorOf(request);
    const named: (readonly [string, string])[] = [];
    for (const [collection, ids, word] of [
      ["people", people, "name"],
      ["records", records, "title"],
    ] as const) {
      if (ids.length === 0) continue;
      for (const { id, view } of await projector.projectIds(db, actor, collection, ids)) {
        const name = view?.doc[word];
        if (typeof name === "string") named.push([id, name]);
      }
    }
    return Object.fromEntries(named);
  }

  return {
    endpoints: auditEndpoints({ db, audit, clock, maySystem: access.maySystem, namesOf }),
    health: audit.health,
    stop: audit.stop,
  };
}
