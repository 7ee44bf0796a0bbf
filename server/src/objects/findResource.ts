import type { AccessEngine, ResourceInstance } from "@kontor/shared/access";
import type { Database } from "#kernel";
import { findRecords } from "./objects.repo.ts";
import { resourceOfRow } from "./resource.ts";

/** The record as this engine's policies see it, for whoever explains a decision about it; undecided, so not for showing. */
export async function findResource(
  db: Database,
  engine: AccessEngine,
  { type, id }: { readonly type: string; readonly id: string },
): Promise<ResourceInstance | undefined> {
  const [row] = await findRecords(db, [id]);
  return row?.type === type ? resourceOfRow(db, engine, row) : undefined;
}
