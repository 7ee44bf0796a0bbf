import { useEffect, useState, type RefObject } from "react";

/** True once the element has come near the part of the scroller that is in sight; pages far away are not asked for. */
export function useNear(element: RefObject<HTMLElement | null>, scroller: HTMLElement): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver((entries) => setNear(entries.some((entry) => entry.isIntersecting)), {
      root: scroller,
      rootMargin: "100% 0px",
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, scroller]);
  return near;
}
