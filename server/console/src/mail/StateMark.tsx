import { Badge } from "@mantine/core";

const tones = {
  good: { color: "var(--good)", background: "var(--good-soft)" },
  warn: { color: "var(--warn)", background: "var(--warn-soft)" },
  bad: { color: "var(--bad)", background: "var(--bad-soft)" },
  quiet: { color: "var(--ink-2)", background: "var(--neutral-soft)" },
} as const;
export type Tone = keyof typeof tones;

export function StateMark({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  // In a narrow column of a table it would be cut otherwise.
  return (
    <Badge style={tones[tone]} miw="max-content">
      {children}
    </Badge>
  );
}
