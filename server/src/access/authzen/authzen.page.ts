import { z } from "zod";
import { canonicalJson, DomainError, hash64, type Json } from "@kontor/shared/base";
import { authzenLimits } from "./authzen.schema.ts";

/** Where a search goes on, and how much of it at a time. */
export interface Page {
  readonly after: string | undefined;
  readonly limit: number;
  /** The token for what comes after this one; empty when nothing does. */
  next(after: string | undefined): string;
}

const tokenSchema = z.tuple([z.string(), z.string(), z.int().min(0)]);
const wrong = (message: string) =>
  new DomainError("invalid", message, {
    reason: "page.token",
    problems: [{ field: "page.token", reason: "page.token", message }],
  });

/** A token belongs to one question: after another one it would skip or repeat, so it is refused there. */
export function pageOf(
  kind: string,
  {
    page = {},
    ...question
  }: { readonly page?: { readonly token?: string | undefined; readonly limit?: number | undefined } | undefined },
): Page {
  const asked = hash64(canonicalJson(JSON.parse(JSON.stringify([kind, question])) as Json));
  const before = page.token === undefined || page.token === "" ? undefined : readToken(page.token);
  if (before && before[0] !== asked) throw wrong("This token belongs to another search. Begin again without one.");
  if (before && page.limit !== undefined && page.limit !== before[2])
    throw wrong("All pages of a search have the same limit. Begin again without a token.");
  const given = before?.[2] ?? page.limit ?? authzenLimits.defaultPage;
  return {
    after: before?.[1] === "" ? undefined : before?.[1],
    limit: Math.min(given, authzenLimits.page),
    next: (after) => writeToken([asked, after ?? "", given]),
  };
}

const writeToken = (token: z.output<typeof tokenSchema>): string =>
  Buffer.from(JSON.stringify(token)).toString("base64url");

function readToken(text: string): z.output<typeof tokenSchema> {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    throw wrong("This is not a token of ours. Use `page.next_token` of the answer before.");
  }
}
