import { sql } from "kysely";
import type { Clock } from "@kontor/shared/base";
import type { Database } from "#kernel";
import type { OwnNames } from "../mime/authenticity.ts";

const KEPT_MS = 60_000; // a new colleague's name is protected a minute later

/** Who we are, to see who pretends to be one of us; read at most once a minute. */
export function createOwnNames(db: Database, clock: Clock): () => Promise<OwnNames> {
  let known: { readonly at: number; readonly names: Promise<OwnNames> } | undefined;
  return () => {
    const at = clock.now();
    if (!known || at - known.at > KEPT_MS) {
      known = { at, names: read(db) };
      known.names.catch(() => (known = undefined));
    }
    return known.names;
  };
}

async function read(db: Database): Promise<OwnNames> {
  const { rows } = await sql<OwnNames>`
    select array(select name from mail_domain order by name) as domains,
      array(select name from mailbox where disabled_at is null and kind <> 'external' order by name) as names`.execute(
    db,
  );
  return rows[0] ?? { domains: [], names: [] };
}
