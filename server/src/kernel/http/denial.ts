import type { Request } from "express";
import { isDomainError, isId } from "@kontor/shared/base";
import { auditActor, type AuditEntry } from "../audit.ts";
import type { Endpoint } from "../define.ts";
import type { Principal } from "../principal.ts";

const FIELDS = 50; // named in one entry; as many as an answer's problems name

/**
 * The audit log's entry about a request that was refused as forbidden (POL-12); undefined for every other ending. What one
 * may not know of is answered as not there, and that is no entry: writing one would take time, and time would tell.
 */
export function denialOf(
  error: unknown,
  request: Request,
  { endpoint, principal }: { readonly endpoint: Endpoint; readonly principal: Principal | undefined },
): AuditEntry | undefined {
  if (!isDomainError(error) || error.code !== "forbidden") return undefined;
  const { reason, problems = [] } = error.details;
  const { id } = request.params;
  const [kind = "system"] = endpoint.path.split("/").filter((part) => part !== "" && !part.startsWith(":"));
  return {
    action: "access.denied",
    outcome: "denied",
    by: auditActor(principal, request.ip),
    // Only an id: an address can carry any text.
    object: { kind, ...(isId(id) && { id: id.toLowerCase() }) },
    details: {
      door: "http",
      method: endpoint.method,
      path: endpoint.path,
      reason,
      ...(problems.length > 0 && { fields: problems.slice(0, FIELDS).map(({ field }) => field) }),
    },
  };
}
