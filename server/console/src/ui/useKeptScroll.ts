import { useEffect, useLayoutEffect, type RefObject } from "react";
import { usePlace } from "../app/route.ts";

const keyOf = (name: string) => `kontor.console.scroll.${name}`;

/** Where a list was left in this tab; it is found there again after going somewhere and back. */
export const keptScroll = (name: string): number => Number(sessionStorage.getItem(keyOf(name)) ?? 0);

export function useKeptScroll(name: string, scrolled: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = scrolled.current;
    if (!element) return;
    const keep = () => sessionStorage.setItem(keyOf(name), String(element.scrollTop));
    element.addEventListener("scroll", keep, { passive: true });
    return () => element.removeEventListener("scroll", keep);
  }, [name, scrolled]);
}

/** Another page begins at its top, and one that was left is found where it was; a filter moves nothing. */
export function usePageScroll(scrolled: RefObject<HTMLElement | null>): void {
  const { page, path } = usePlace();
  const name = `page ${[page, ...path].join("/")}`;
  useKeptScroll(name, scrolled);
  useLayoutEffect(() => {
    scrolled.current?.scrollTo({ top: keptScroll(name), behavior: "instant" });
  }, [name, scrolled]);
}
