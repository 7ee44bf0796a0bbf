import { sql } from "kysely";
import type { AccessEngine } from "@kontor/shared/access";
import type { Label } from "@kontor/shared/base";
import {
  collectionSource,
  createDryRuns,
  recordSource,
  type AccessService,
  type DeviceHead,
  type DryRunPeople,
  type DryRuns,
  type ResourceSource,
} from "#access";
import type { Collection, Database, Log } from "#kernel";
import { titlesOfRecords, type TypeRegistry } from "#objects";
import { peopleTables } from "#people";
import type { Clock } from "@kontor/shared/base";

/** The part of the composition root that is about dry runs of policies: where people and resources are read from. */
export interface DryRunParts {
  readonly db: Database;
  readonly types: TypeRegistry;
  readonly access: AccessService;
  readonly collections: readonly Collection[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Collections whose rows are resources of one type; records are read by their own way, since there are so many of them. */
const COLLECTIONS = {
  people: "person",
  departments: "department",
  groups: "group",
  positions: "position",
  types: "objectType",
} as const;

export function startDryRuns({ db, types, access, collections, clock, log }: DryRunParts): DryRuns {
  const small = collections.flatMap((collection) => {
    const type = Object.hasOwn(COLLECTIONS, collection.name)
      ? COLLECTIONS[collection.name as keyof typeof COLLECTIONS]
      : undefined;
    return type === undefined ? [] : [{ collection, type }];
  });

  function sourcesOf(engine: AccessEngine): readonly ResourceSource[] {
    const records = engine.resources.filter(({ name }) => types.get(name) !== undefined);
    return [
      ...records.map((type) => recordSource({ db, type, titlesOf: (ids) => titlesOfRecords(db, types, ids) })),
      ...small.map(({ collection, type }) => collectionSource({ db, type, collection, titleOf, engine })),
    ];
  }

  return createDryRuns({ db, access, people: peopleOf(db, access), sourcesOf, clock, log });
}

/** Rows of people have a name, those of departments, groups and positions one for each language, types their own. */
function titleOf(row: object): string {
  const { name, name_en, key } = row as { name?: string; name_en?: string; key?: string };
  return name ?? name_en ?? key ?? "";
}

const PAGE = 500;

function peopleOf(db: Database, access: Pick<AccessService, "loadSubject">): DryRunPeople {
  return {
    page: (after) =>
      peopleTables(db)
        .selectFrom("app_user")
        .select(["id", "name", "department_id as departmentId"])
        .where("state", "=", "active")
        .$if(after !== undefined, (people) => people.where("id", ">", after ?? ""))
        .orderBy("id")
        .limit(PAGE)
        .execute(),
    loadSubject: (userId) => access.loadSubject(userId),
    async departmentNames() {
      const rows = await peopleTables(db).selectFrom("department").select(["id", "name_en", "name_ru"]).execute();
      return new Map(rows.map(({ id, name_en: en, name_ru: ru }): [string, Label] => [id, { en, ru }]));
    },
    async devicesOf(userIds) {
      const rows = await peopleTables(db)
        .selectFrom("device")
        .select(["id", "name", "user_id", "last_seen_at as lastSeenAt"])
        .where("user_id", "=", sql<string>`any(${[...userIds]}::uuid[])`)
        .where("revoked_at", "is", null)
        .orderBy("last_seen_at", "desc")
        .execute();
      const byUser = new Map<string, DeviceHead[]>();
      for (const { user_id, ...device } of rows) {
        const own = byUser.get(user_id);
        if (own) own.push(device);
        else byUser.set(user_id, [device]);
      }
      return byUser;
    },
  };
}
