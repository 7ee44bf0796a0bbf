import { z } from "zod";

/** The keys about programs that are told of what happens here. */
export const webhookKeys = {
  KONTOR_WEBHOOKS_PRIVATE: {
    schema: z.enum(["yes", "no"]).default("no"),
    words:
      "yes: webhooks may be at addresses of a private network. no: whoever makes one cannot have this server knock at machines of yours.",
  },
  KONTOR_WEBHOOKS_CA: {
    schema: z.string().trim().min(1).optional(),
    words:
      "File with certificates to trust at receivers of webhooks beside the usual ones, PEM: of an office's own authority.",
  },
} as const satisfies Record<string, { schema: z.ZodType; words: string }>;

type Values = { readonly [Key in keyof typeof webhookKeys]: z.output<(typeof webhookKeys)[Key]["schema"]> };

export interface WebhooksConfig {
  readonly allowPrivate: boolean;
  /** File. */
  readonly ca: string | undefined;
}

export const webhooksConfigOf = (values: Values): WebhooksConfig => ({
  allowPrivate: values.KONTOR_WEBHOOKS_PRIVATE === "yes",
  ca: values.KONTOR_WEBHOOKS_CA,
});
