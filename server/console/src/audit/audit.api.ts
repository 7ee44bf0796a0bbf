/** The audit log as the server tells it (`/api/audit`). */
export type Outcome = "done" | "denied" | "failed";
export const outcomes: readonly Outcome[] = ["done", "denied", "failed"];

export type Detail = string | number | boolean | null | readonly Detail[] | { readonly [key: string]: Detail };

export interface AuditEntry {
  readonly number: number;
  readonly hash: string;
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly outcome: Outcome;
  readonly userId: string | null;
  readonly login: string | null;
  readonly channel: string | null;
  readonly ip: string | null;
  readonly deviceId: string | null;
  readonly objectKind: string | null;
  readonly objectId: string | null;
  readonly objectTitle: string | null;
  readonly details: Readonly<Record<string, Detail>>;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** People's names and records' titles by id, as far as this reader may see them. */
  readonly names: Readonly<Record<string, string>>;
  readonly next?: number;
}

export interface AuditState {
  readonly head: { readonly number: number; readonly hash: string };
  readonly oldest?: { readonly number: number; readonly at: string };
  readonly unchained: number;
  readonly days: number;
  readonly verifying: boolean;
  readonly verified?: {
    readonly at: string;
    readonly checked: number;
    readonly lastNumber: number;
    readonly fault?: { readonly number: number; readonly what: string; readonly words: string };
  };
}

/** What the page asks for; days as the reader means them, `to` included. */
export interface AuditFilter {
  readonly from: string;
  readonly to: string;
  readonly login: string;
  readonly userId: string;
  readonly action: string;
  readonly outcome: string;
  readonly objectKind: string;
  readonly objectId: string;
}
export const filterKeys = [
  "from",
  "to",
  "login",
  "userId",
  "action",
  "outcome",
  "objectKind",
  "objectId",
] as const satisfies readonly (keyof AuditFilter)[];

export const filterOf = (query: URLSearchParams): AuditFilter =>
  Object.fromEntries(filterKeys.map((key) => [key, query.get(key) ?? ""])) as unknown as AuditFilter;

const DAY = /^\d{4}-\d\d-\d\d$/;

/** As the server takes it: moments, since a day begins at another moment in another place. */
export function queryOf(filter: AuditFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of filterKeys) {
    const value = filter[key].trim();
    if (key === "from" && DAY.test(value)) query.set(key, midnightOf(value, 0));
    else if (key === "to" && DAY.test(value)) query.set(key, midnightOf(value, 1));
    else if (key !== "from" && key !== "to" && value !== "") query.set(key, value);
  }
  return query;
}

function midnightOf(day: string, daysLater: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}
