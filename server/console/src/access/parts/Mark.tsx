import type { ReactNode } from "react";

export type MarkTone = "good" | "bad" | "warn" | "neutral" | "accent";

export const Mark = ({ tone, children }: { tone: MarkTone; children: ReactNode }) => (
  <span className="mark" data-tone={tone}>
    {children}
  </span>
);
