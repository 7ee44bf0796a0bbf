import { useSyncExternalStore } from "react";

/** Where one is, kept in the address after `#`: back and forward work, and a window can be opened at a place. */
export type Route =
  | { readonly at: "objects"; readonly type?: string; readonly id?: string }
  | { readonly at: "new"; readonly type: string }
  | { readonly at: "trash"; readonly type: string; readonly id?: string }
  | { readonly at: "record"; readonly id: string }
  | { readonly at: "outbox" }
  | { readonly at: "issues" }
  | { readonly at: "requests" }
  | { readonly at: "people"; readonly id?: string }
  /** `place` as `placeOf` in mail reads it; `id` is the row that is open there. */
  | { readonly at: "mail"; readonly place?: string; readonly id?: string }
  | { readonly at: "contacts"; readonly id?: string }
  | { readonly at: "mailSettings"; readonly id?: string }
  /** Windows of their own: a draft, and a conversation. */
  | { readonly at: "draft"; readonly id: string }
  | { readonly at: "thread"; readonly id: string };

export function parseRoute(hash: string): Route {
  const [at, first, second] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decodePart);
  switch (at) {
    case "new":
      return first ? { at, type: first } : { at: "objects" };
    case "trash":
      return first ? { at, type: first, ...(second ? { id: second } : {}) } : { at: "objects" };
    case "record":
    case "draft":
    case "thread":
      return first ? { at, id: first } : { at: "objects" };
    case "outbox":
    case "issues":
    case "requests":
      return { at };
    case "people":
    case "contacts":
    case "mailSettings":
      return { at, ...(first ? { id: first } : {}) };
    case "mail":
      return { at, ...(first ? { place: first } : {}), ...(first && second ? { id: second } : {}) };
    default:
      return { at: "objects", ...(first ? { type: first } : {}), ...(first && second ? { id: second } : {}) };
  }
}

export function routeToHash(route: Route): string {
  const parts = [
    route.at,
    ...("type" in route && route.type ? [route.type] : []),
    ...("place" in route && route.place ? [route.place] : []),
    ...("id" in route && route.id ? [route.id] : []),
  ];
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

const decodePart = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
};

export const go = (route: Route): void => {
  window.location.hash = routeToHash(route);
};

let last: { hash: string; route: Route } | undefined;
function current(): Route {
  const { hash } = window.location;
  if (last?.hash !== hash) last = { hash, route: parseRoute(hash) };
  return last.route;
}
const subscribe = (changed: () => void) => {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
};
/** For what ends later than it began: where one is then. */
export const routeNow = current;
export const useRoute = (): Route => useSyncExternalStore(subscribe, current);
