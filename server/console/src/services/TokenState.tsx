import { Badge } from "@mantine/core";
import { useWords } from "../words/words.ts";
import type { ServiceToken } from "./services.api.ts";

const tones = {
  valid: { color: "var(--good)", background: "var(--good-soft)" },
  endsSoon: { color: "var(--warn)", background: "var(--warn-soft)" },
  ended: { color: "var(--ink-2)", background: "var(--neutral-soft)" },
} satisfies Record<ServiceToken["state"], object>;

export function TokenState({ state }: { readonly state: ServiceToken["state"] }) {
  const { t } = useWords();
  return <Badge style={tones[state]}>{t(`services.token.${state}`)}</Badge>;
}
