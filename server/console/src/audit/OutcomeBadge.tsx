import { Badge } from "@mantine/core";
import { useWords } from "../words/words.ts";
import type { Outcome } from "./audit.api.ts";

const tones: Readonly<Record<Outcome, string>> = { done: "good", denied: "warn", failed: "bad" };

export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const { t } = useWords();
  const tone = tones[outcome];
  return (
    <Badge style={{ color: `var(--${tone})`, background: `var(--${tone}-soft)` }}>
      {t(`audit.outcome.${outcome}`)}
    </Badge>
  );
}
