import { useEffect, useState } from "react";

const EVERY_MS = 20_000; // what ends by itself is seen to have ended while one looks at it

/** The time, which goes on while something is on the screen. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), EVERY_MS);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** Whether a moment of the server's lies ahead. */
export const isAhead = (iso: string | undefined, now: number): boolean => iso !== undefined && Date.parse(iso) > now;
