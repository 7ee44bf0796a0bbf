import { z } from "zod";
import { DomainError } from "@kontor/shared/base";
import { auditActor, defineEndpoint, type Database, type Endpoint } from "#kernel";
import { peopleTables } from "./people.tables.ts";
import type { SessionService } from "./session.service.ts";

const LISTED = 500; // of one person

/**
 * Personal access tokens as administrators see them: they outlive sessions and passwords, so whoever cleans up after a
 * stolen laptop must be able to withdraw them without switching the person off.
 */
export function tokenAdminEndpoints({
  db,
  sessions,
}: {
  readonly db: Database;
  readonly sessions: Pick<SessionService, "removeToken">;
}): readonly Endpoint[] {
  const tables = peopleTables(db);
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/people/:id/tokens",
      summary: "A person's personal access tokens, without their secret part, newest first",
      tag: "people",
      access: { kind: "system", action: "administer" },
      params: z.object({ id: z.uuid() }),
      reply: z.array(
        z.object({
          id: z.uuid(),
          name: z.string(),
          scopes: z.array(z.string()),
          createdAt: z.string(),
          expiresAt: z.string().nullable(),
          lastUsedAt: z.string().nullable(),
        }),
      ),
      handle: ({ params }) =>
        tables
          .selectFrom("access_token")
          .select([
            "id",
            "name",
            "scopes",
            "created_at as createdAt",
            "expires_at as expiresAt",
            "last_used_at as lastUsedAt",
          ])
          .where("user_id", "=", params.id)
          .orderBy("created_at", "desc")
          .limit(LISTED)
          .execute(),
    }),
    defineEndpoint({
      method: "delete",
      path: "/admin/tokens/:id",
      summary: "Withdraw a personal access token of anybody",
      tag: "people",
      access: { kind: "system", action: "administer" },
      params: z.object({ id: z.uuid() }),
      async handle({ params }, { principal, ip }) {
        if (!(await sessions.removeToken(params, auditActor(principal, ip))))
          throw new DomainError("notFound", "There is no such token.", { reason: "token.unknown" });
      },
    }),
  ];
}
