import type { MailDns, MxRecord } from "./dns.port.ts";

/** A piece of the DNS for tests: names in lower case, and what they have. `fails` stands for a name server that is silent. */
export interface Zone {
  readonly [name: string]: {
    readonly MX?: readonly MxRecord[];
    readonly TXT?: readonly string[];
    readonly A?: readonly string[];
    readonly AAAA?: readonly string[];
    readonly PTR?: readonly string[];
    readonly CNAME?: readonly string[];
    readonly fails?: boolean;
  };
}

/** Answers from the zone as the system's resolver does; what is asked is kept, for tests of what is not to be asked. */
export function zoneDns(zone: Zone): MailDns & { readonly asked: string[] } {
  const asked: string[] = [];
  const refuse = (code: string, name: string) => Object.assign(new Error(`query ${code} ${name}`), { code });
  return {
    asked,
    resolve: (async (name: string, type: keyof Zone[string]) => {
      asked.push(`${type} ${name}`);
      const records = zone[name.toLowerCase()];
      if (!records) throw refuse("ENOTFOUND", name);
      if (records.fails) throw refuse("ETIMEOUT", name);
      const found = records[type] as readonly unknown[] | undefined;
      if (!found) throw refuse("ENODATA", name);
      // Long texts come in strings of at most 255 bytes (RFC 1035 §3.3.14).
      return type === "TXT" ? (found as string[]).map((text) => text.match(/[^]{1,255}/g) ?? [""]) : found;
    }) as MailDns["resolve"],
  };
}
