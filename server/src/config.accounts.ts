import { z } from "zod";

/** The keys about accounts that people have at providers. */
const nonEmpty = z.string().trim().min(1);
const yesNo = (otherwise: "yes" | "no") => z.enum(["yes", "no"]).default(otherwise);

export const accountKeys = {
  KONTOR_ACCOUNTS: {
    schema: yesNo("yes"),
    words: "yes: people may add mail accounts that they have at providers (IMAP). no: those that exist rest.",
  },
  KONTOR_ACCOUNTS_PER_NODE: {
    schema: z.coerce.number().int().min(1).max(100_000).default(1_000),
    words: "Most accounts that one server looks after; each has a connection to its provider.",
  },
  KONTOR_ACCOUNTS_PRIVATE: {
    schema: yesNo("no"),
    words:
      "yes: an account may be at a server with an address of a private network. no: whoever adds one cannot have this server knock at machines of yours.",
  },
  KONTOR_ACCOUNTS_CA: {
    schema: nonEmpty.optional(),
    words: "File with certificates to trust at providers beside the usual ones, PEM: of an office's own authority.",
  },
  KONTOR_GOOGLE_CLIENT_ID: {
    schema: nonEmpty.optional(),
    words:
      "Client id of an OAuth application at Google with the scope https://mail.google.com/. With it people sign in to Gmail without a password here.",
  },
  KONTOR_GOOGLE_CLIENT_SECRET: { schema: nonEmpty.optional(), words: "Its secret." },
  KONTOR_MICROSOFT_CLIENT_ID: {
    schema: nonEmpty.optional(),
    words:
      "Client id of an application at Microsoft Entra with IMAP.AccessAsUser.All and SMTP.Send; Microsoft lets nobody in without.",
  },
  KONTOR_MICROSOFT_CLIENT_SECRET: { schema: nonEmpty.optional(), words: "Its secret." },
  KONTOR_MICROSOFT_TENANT: {
    schema: nonEmpty.default("common"),
    words: "Whose accounts may sign in: common for all, consumers, organizations, or the id of one organisation.",
  },
} as const satisfies Record<string, { schema: z.ZodType; words: string }>;

type Values = { readonly [Key in keyof typeof accountKeys]: z.output<(typeof accountKeys)[Key]["schema"]> };

export interface AccountsConfig {
  readonly isOn: boolean;
  readonly perNode: number;
  readonly allowPrivate: boolean;
  /** File. */
  readonly ca: string | undefined;
  readonly google: { readonly clientId: string; readonly clientSecret: string | undefined } | undefined;
  readonly microsoft:
    | { readonly clientId: string; readonly clientSecret: string | undefined; readonly tenant: string }
    | undefined;
}

export function accountsConfigOf(values: Values): AccountsConfig {
  const { KONTOR_GOOGLE_CLIENT_ID: google, KONTOR_MICROSOFT_CLIENT_ID: microsoft } = values;
  return {
    isOn: values.KONTOR_ACCOUNTS === "yes",
    perNode: values.KONTOR_ACCOUNTS_PER_NODE,
    allowPrivate: values.KONTOR_ACCOUNTS_PRIVATE === "yes",
    ca: values.KONTOR_ACCOUNTS_CA,
    google: google === undefined ? undefined : { clientId: google, clientSecret: values.KONTOR_GOOGLE_CLIENT_SECRET },
    microsoft:
      microsoft === undefined
        ? undefined
        : {
            clientId: microsoft,
            clientSecret: values.KONTOR_MICROSOFT_CLIENT_SECRET,
            tenant: values.KONTOR_MICROSOFT_TENANT,
          },
  };
}
