import { useSyncExternalStore } from "react";

export const pages = ["overview", "people", "structure", "sessions", "devices"] as const;
export type Page = (typeof pages)[number];
const BASE = "/console/";

const read = (): Page => pages.find((page) => location.pathname === BASE + page) ?? "overview";
const listeners = new Set<() => void>();

export const addressOf = (page: Page): string => BASE + page;

export function go(page: Page): void {
  history.pushState(null, "", addressOf(page));
  for (const listener of listeners) listener();
}

export const usePage = (): Page =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    window.addEventListener("popstate", listener);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("popstate", listener);
    };
  }, read);
