import type { Authenticity } from "@kontor/shared/mail";

/** What is known of where a message came from, kept with it. */
export type Verdict =
  /** Made here: a notice about a message that left. */
  | { readonly own: true }
  | {
      readonly own?: never;
      readonly ip: string;
      readonly helo: string;
      readonly protocol: string;
      readonly encrypted: boolean;
      readonly spf: NonNullable<Authenticity["spf"]>;
      readonly dkim: NonNullable<Authenticity["dkim"]>;
      readonly dmarc: NonNullable<Authenticity["dmarc"]>;
      /** What the domain in From asks for where neither SPF nor DKIM speaks for it. */
      readonly policy: "none" | "quarantine" | "reject";
      /** Whose signatures were good. */
      readonly signedBy: readonly string[];
    };
