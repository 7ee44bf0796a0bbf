/**
 * What mail asks the DNS. Names come from strangers, so an implementation bounds the time of each question. No answer is
 * told as Node tells it: an error with the code `ENOTFOUND` (no such name), `ENODATA` (no record of this type), or another
 * one, which means that nobody knows at the moment.
 */
export interface MailDns {
  resolve(name: string, type: "MX"): Promise<readonly MxRecord[]>;
  /** The strings of each record; a long record comes in several. */
  resolve(name: string, type: "TXT"): Promise<readonly (readonly string[])[]>;
  resolve(name: string, type: "A" | "AAAA" | "PTR" | "CNAME"): Promise<readonly string[]>;
}

export interface MxRecord {
  readonly exchange: string;
  readonly priority: number;
}

export type DnsAnswer<Records> =
  | { readonly kind: "found"; readonly records: Records }
  /** `noName`: nothing of that name exists at all. */
  | { readonly kind: "none"; readonly noName: boolean }
  | { readonly kind: "unknown"; readonly words: string };

/** Tells "there is none" from "nobody knows": the first is an answer, the second a reason to ask again later. */
export async function ask<Records>(question: Promise<Records>): Promise<DnsAnswer<Records>> {
  try {
    return { kind: "found", records: await question };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // EBADNAME: a name that cannot exist (a label of 64 characters).
    if (code === "ENOTFOUND" || code === "EBADNAME") return { kind: "none", noName: true };
    if (code === "ENODATA") return { kind: "none", noName: false };
    return { kind: "unknown", words: code ?? message };
  }
}

/** The name under which the DNS keeps names of addresses: `4.3.2.1.in-addr.arpa` (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(ip: string): string {
  if (!ip.includes(":")) return `${ip.split(".").toReversed().join(".")}.in-addr.arpa`;
  const [head = "", tail] = ip.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => "0");
  const digits = [...left, ...middle, ...right].map((part) => part.padStart(4, "0")).join("");
  return `${[...digits].toReversed().join(".")}.ip6.arpa`;
}
