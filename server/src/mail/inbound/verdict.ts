import type { Readable } from "node:stream";
import { authenticate, type AuthenticateResult } from "mailauth";
import type { Authenticity } from "@kontor/shared/mail";
import { resolverOf } from "../domains/checkDomain.ts";
import type { MailDns } from "../domains/dns.port.ts";

/** What is known of where a message came from, kept with it. */
export type Verdict =
  /** Made here: a notice about a message that left. */
  { readonly own: true } | ({ readonly own?: never } & Origin & Judgement);

/** As the connection had it. */
export interface Origin {
  /** Empty where another server of ours brought it (LMTP), which knows more. */
  readonly ip: string;
  readonly helo: string;
  /** For a Received field: `ESMTPS`. */
  readonly protocol: string;
}

export interface Judgement {
  readonly spf: NonNullable<Authenticity["spf"]>;
  readonly dkim: NonNullable<Authenticity["dkim"]>;
  readonly dmarc: NonNullable<Authenticity["dmarc"]>;
  /** What the domain in From asks for where neither SPF nor DKIM speaks for it. */
  readonly policy: "none" | "quarantine" | "reject";
  /** Domains whose signatures were good. */
  readonly signedBy: readonly string[];
  /** Through how many servers it came (RFC 5321 §6.3). */
  readonly hops: number;
}

/** All questions about one message together; a sender waits ten minutes for our answer (RFC 5321 §4.5.3.2.6). */
const DEADLINE_MS = 20_000;
/** SPF alone may ask ten times, each with two addresses (RFC 7208 §4.6.4); a message with a thousand signatures is an attack. */
const MAX_QUESTIONS = 60;
const MAX_SIGNERS = 10;

export interface Judging {
  readonly origin: Origin;
  /** MAIL FROM. */
  readonly sender: string;
  readonly dns: MailDns;
  readonly ownName: string;
  readonly deadlineMs?: number;
}

/**
 * Judges by SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) where a message comes from. A DNS that does not answer in time
 * makes `temperror`, never an error of ours: mail comes in all the same, and is shown for what it is.
 */
export async function judge(
  raw: Readable,
  { origin, sender, dns, ownName, deadlineMs = DEADLINE_MS }: Judging,
): Promise<Judgement> {
  try {
    const result = await authenticate(raw, {
      // What another server of ours brought has the far side in its own Received field.
      ...(origin.ip === "" ? { trustReceived: true } : { ip: origin.ip, helo: origin.helo }),
      sender,
      mta: ownName,
      resolver: boundedResolver(dns, deadlineMs),
      rejectRsaSha1: true,
      disableArc: true, // who vouches for whom is a matter of trust that nobody has configured here
      disableBimi: true,
    });
    return judgementOf(result);
  } catch {
    raw.destroy();
    return { spf: "temperror", dkim: "temperror", dmarc: "temperror", policy: "none", signedBy: [], hops: 0 };
  }
}

function boundedResolver(dns: MailDns, deadlineMs: number) {
  const resolve = resolverOf(dns);
  const ends = performance.now() + deadlineMs;
  let left = MAX_QUESTIONS;
  return async (name: string, type: string): Promise<string[]> => {
    const leftMs = ends - performance.now();
    if (left-- <= 0 || leftMs <= 0) throw timeout(name);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(timeout(name)), leftMs);
    });
    try {
      return await Promise.race([resolve(name, type), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

const timeout = (name: string) => Object.assign(new Error(`no answer about ${name} in time`), { code: "ETIMEOUT" });

function judgementOf({ spf, dkim, dmarc, receivedChain }: AuthenticateResult): Judgement {
  const results = dkim.results ?? [];
  const passed = results.filter(({ status }) => status.result === "pass");
  const policy = dmarc ? dmarc.policy : "none";
  return {
    spf: oneOf(spf ? spf.status.result : "none", SPF, "none"),
    dkim: passed.length > 0 ? "pass" : oneOf(results[0]?.status.result ?? "none", DKIM, "none"),
    dmarc: oneOf(dmarc ? dmarc.status.result : "none", DMARC, "none"),
    policy: policy === "quarantine" || policy === "reject" ? policy : "none",
    signedBy: [...new Set(passed.flatMap(({ signingDomain }) => signingDomain ?? []))].slice(0, MAX_SIGNERS),
    hops: receivedChain?.length ?? 0,
  };
}

const SPF = ["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"] as const;
const DKIM = ["pass", "fail", "neutral", "none", "temperror", "permerror", "policy"] as const;
const DMARC = ["pass", "fail", "none", "temperror", "permerror"] as const;

const oneOf = <Known extends string>(said: string, known: readonly Known[], otherwise: Known): Known =>
  known.find((each) => each === said) ?? otherwise;
