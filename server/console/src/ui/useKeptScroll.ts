import { useEffect, type RefObject } from "react";

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
