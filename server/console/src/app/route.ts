import { useMemo, useSyncExternalStore } from "react";

/**
 * Where somebody is: a page, what stands below it in the address (`access/drafts/<id>`), and the query. Every screen
 * that can be looked at has an address of its own, so that it can be sent to a colleague and the back button works.
 */
export const pages = [
  "overview",
  "people",
  "structure",
  "services",
  "mail",
  "access",
  "sessions",
  "devices",
  "audit",
] as const;
export type Page = (typeof pages)[number];
/** An auditor reads the log, and administers nothing. */
export const pagesFor = ({ isAdmin }: { readonly isAdmin: boolean }): readonly Page[] => (isAdmin ? pages : ["audit"]);
export interface Place {
  readonly page: Page;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}
/** What is undefined or empty does not appear. */
export type Query = Readonly<Record<string, string | undefined>>;

const BASE = "/console/";
const listeners = new Set<() => void>();
const here = (): string => location.pathname + location.search;

export function placeOf(address: string): Place {
  const { pathname, searchParams } = new URL(address, "http://console");
  const [first, ...path] = pathname
    .slice(BASE.length)
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  return { page: pages.find((page) => page === first) ?? "overview", path, query: searchParams };
}

export function addressOf(page: Page, path: readonly string[] = [], query: Query = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? "") !== "");
  const asked = new URLSearchParams(given).toString();
  return BASE + [page, ...path].map(encodeURIComponent).join("/") + (asked && `?${asked}`);
}

/** `replace` where the back button should not stop, such as a filter that is being typed. */
export function go(address: string, { replace = false }: { replace?: boolean } = {}): void {
  if (address === here()) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

export function usePlace(): Place {
  const address = useSyncExternalStore((listener) => {
    listeners.add(listener);
    window.addEventListener("popstate", listener);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("popstate", listener);
    };
  }, here);
  return useMemo(() => placeOf(address), [address]);
}
