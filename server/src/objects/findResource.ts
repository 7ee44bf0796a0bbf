import type { ResourceInstance } from "@kontor/shared/access";
import type { Database } from "#kernel";
import { findRecords } from "./objects.repo.ts";
import { resourceOf } from "./resource.ts";

/** The record as policies see it, for whoever explains a decision about it; undecided, so not for showing. */
export async function findResource(db: Database, type: string, id: string): Promise<ResourceInstance | undefined> {
  const [row] = await findRecords(db, [id]);
  return row?.type === type ? resourceOf(row) : undefined;
}
