import type { Json } from "@kontor/shared/base";

/** The server's answers, as its OpenAPI page describes them; the session travels in an HttpOnly cookie. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly reason: string;
  readonly problems: readonly { readonly field: string; readonly message: string; readonly reason: string }[];
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    body: {
      detail?: string;
      reason?: string;
      problems?: Problem["problems"];
      requestId?: string;
      retryAfterMs?: number;
    },
  ) {
    super(body.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.reason = body.reason ?? "unknown";
    this.problems = body.problems ?? [];
    this.requestId = body.requestId;
    this.retryAfterMs = body.retryAfterMs;
  }
}

export async function call<Reply>(
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE",
  path: string,
  body?: object,
): Promise<Reply> {
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      credentials: "same-origin",
      ...(body ? { headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {}),
    });
  } catch {
    throw new Problem(0, { detail: "The server does not answer.", reason: "network" });
  }
  const text = await response.text();
  const parsed: unknown = text && response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : undefined;
  if (!response.ok) throw new Problem(response.status, (parsed as object | undefined) ?? {});
  return parsed as Reply;
}

export interface Me {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly locale: "en" | "ru";
  readonly isAdmin: boolean;
  readonly mayAudit: boolean;
}

export interface Person {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly locale: "en" | "ru";
  readonly state: "active" | "disabled";
  readonly departmentId: string | null;
  readonly positionId: string | null;
  readonly managerId: string | null;
  readonly groupIds: readonly string[];
  readonly attributes: Readonly<Record<string, Json>>;
  readonly hasPassword: boolean;
  readonly lastSeenAt: string | null;
  readonly createdAt: string;
}

export interface Named {
  readonly id: string;
  readonly nameEn: string;
  readonly nameRu: string;
}
export interface Department extends Named {
  readonly parentId: string | null;
  readonly code: string | null;
  readonly people: number;
}
export interface Structure {
  readonly departments: readonly Department[];
  readonly groups: readonly (Named & { readonly key: string; readonly people: number })[];
  readonly positions: readonly (Named & { readonly key: string })[];
}

export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly userName: string;
  readonly channel: string;
  readonly deviceId: string | null;
  readonly deviceName: string | null;
  readonly ip: string | null;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

export interface DeviceRow {
  readonly id: string;
  readonly userId: string;
  readonly userName: string;
  readonly name: string;
  readonly platform: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly revokedAt: string | null;
  readonly trusted: boolean;
}

export interface Overview {
  readonly version: string;
  readonly name: string;
  readonly startedAt: string;
  readonly parts: readonly {
    readonly name: string;
    readonly state: "ok" | "poor" | "failing";
    readonly words: string;
  }[];
  readonly counts: Readonly<Record<string, number>>;
  readonly samples: readonly { readonly at: string; readonly values: Readonly<Record<string, number>> }[];
}
