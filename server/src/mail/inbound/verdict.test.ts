import { Readable } from "node:stream";
import { dkimSign } from "mailauth";
import { expect, it } from "vitest";
import { keyRecord, makeKeys } from "../domains/dkimKey.ts";
import type { MailDns } from "../domains/dns.port.ts";
import { zoneDns, type Zone } from "../domains/zone.fixture.ts";
import { judge, type Judgement } from "./verdict.ts";

const [rsa, ed25519] = await makeKeys(new Date("2026-11-28"));
const GOOD_IP = "203.0.113.5";
const BAD_IP = "198.51.100.66";
const zone: Zone = {
  "far.example": { TXT: [`v=spf1 ip4:${GOOD_IP} -all`] },
  "_dmarc.far.example": { TXT: ["v=DMARC1; p=reject"] },
  "soft.example": { TXT: [`v=spf1 ip4:${GOOD_IP} ~all`] },
  "_dmarc.soft.example": { TXT: ["v=DMARC1; p=quarantine"] },
  "neutral.example": { TXT: ["v=spf1 ?all"] },
  "_dmarc.neutral.example": { TXT: ["v=DMARC1; p=none; rua=mailto:x@neutral.example"] },
  "broken.example": { TXT: ["v=spf1 include:broken.example -all"] },
  "silent.example": { fails: true },
  "_dmarc.silent.example": { fails: true },
  "bare.example": { A: ["203.0.113.9"] },
  "subs.example": { TXT: ["v=spf1 -all"] },
  "_dmarc.subs.example": { TXT: ["v=DMARC1; p=none; sp=reject"] },
  ...Object.fromEntries(
    ["far.example", "soft.example", "list.example"].flatMap((domain) =>
      [rsa, ed25519].map((key) => [`${key?.selector}._domainkey.${domain}`, { TXT: [key ? keyRecord(key) : ""] }]),
    ),
  ),
};

const keyOf = (signingDomain: string) => ({
  signingDomain,
  selector: rsa?.selector ?? "",
  privateKey: rsa?.privateKey ?? "",
});

interface Sent {
  readonly from: string;
  /** MAIL FROM; absent: the same. */
  readonly sender?: string;
  readonly ip?: string;
  readonly signedBy?: string;
  /** After signing. */
  readonly change?: (raw: string) => string;
  readonly dns?: MailDns;
  readonly deadlineMs?: number;
}

async function verdictOf({
  from,
  sender = from,
  ip = GOOD_IP,
  signedBy,
  change = (raw) => raw,
  dns = zoneDns(zone),
  deadlineMs,
}: Sent) {
  const plain = `From: X <${from}>\r\nTo: anna@ours.example\r\nSubject: x\r\nDate: Sat, 28 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n`;
  const signed =
    signedBy === undefined
      ? plain
      : (
          await dkimSign(plain, {
            ...keyOf(signedBy),
            signatureData: [keyOf(signedBy)],
          })
        ).signatures + plain;
  return judge(Readable.from([Buffer.from(change(signed))]), {
    origin: { ip, helo: "mx.far.example", protocol: "ESMTPS" },
    sender,
    dns,
    ownName: "mail.ours.example",
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
}
const words = ({ spf, dkim, dmarc, policy }: Judgement) => `spf ${spf} · dkim ${dkim} · dmarc ${dmarc} (${policy})`;

it.each([
  [{ from: "x@far.example" }, "spf pass · dkim none · dmarc pass (reject)"],
  [{ from: "x@far.example", ip: BAD_IP }, "spf fail · dkim none · dmarc fail (reject)"],
  [{ from: "x@far.example", ip: BAD_IP, signedBy: "far.example" }, "spf fail · dkim pass · dmarc pass (reject)"],
  // Another's signature and envelope say nothing for the domain in From.
  [
    { from: "x@far.example", sender: "l@list.example", ip: BAD_IP, signedBy: "list.example" },
    "spf none · dkim pass · dmarc fail (reject)",
  ],
  [
    { from: "x@far.example", sender: "", ip: BAD_IP, signedBy: "far.example" },
    "spf none · dkim pass · dmarc pass (reject)",
  ],
  [{ from: "x@soft.example", ip: BAD_IP }, "spf softfail · dkim none · dmarc fail (quarantine)"],
  [{ from: "x@neutral.example", ip: BAD_IP }, "spf neutral · dkim none · dmarc fail (none)"],
  [{ from: "x@broken.example" }, "spf permerror · dkim none · dmarc none (none)"],
  [{ from: "x@silent.example" }, "spf temperror · dkim none · dmarc temperror (none)"],
  [{ from: "x@bare.example" }, "spf none · dkim none · dmarc none (none)"],
  [{ from: "x@nowhere.example" }, "spf none · dkim none · dmarc none (none)"],
  [{ from: "x@deep.subs.example", sender: "x@subs.example" }, "spf fail · dkim none · dmarc fail (reject)"],
  [
    {
      from: "x@far.example",
      ip: BAD_IP,
      signedBy: "far.example",
      change: (raw: string) => raw.replace("Hello", "Hullo"),
    },
    "spf fail · dkim neutral · dmarc fail (reject)",
  ],
] satisfies [Sent, string][])("judges %o: %s", async (sent, said) => {
  expect(words(await verdictOf(sent))).toBe(said);
});

it("names who signed", async () => {
  expect((await verdictOf({ from: "x@far.example", signedBy: "list.example" })).signedBy).toEqual(["list.example"]);
});

it("does not ask for ever: a DNS without an answer, and a message with a thousand signatures", async () => {
  const never: MailDns = { resolve: () => new Promise<never>(() => undefined) };
  const late = await verdictOf({ from: "x@far.example", signedBy: "far.example", dns: never, deadlineMs: 50 });
  expect(words(late)).toBe("spf temperror · dkim temperror · dmarc temperror (none)");
  const dns = zoneDns(zone);
  const many = Array.from(
    { length: 1_000 },
    (_, at) => `DKIM-Signature: v=1; a=rsa-sha256; d=s${at}.example; s=x; h=from; bh=AAAA; b=AAAA\r\n`,
  ).join("");
  const judged = await verdictOf({ from: "x@far.example", dns, change: (raw) => many + raw });
  expect(dns.asked.length).toBeLessThanOrEqual(60);
  expect(judged.signedBy).toEqual([]);
});

it("counts the servers that a message came through", async () => {
  const hops = Array.from({ length: 7 }, () => "Received: from a by b; Sat, 28 Nov 2026 10:00:00 +0000\r\n").join("");
  expect((await verdictOf({ from: "x@far.example", change: (raw) => hops + raw })).hops).toBe(7);
});

it("believes of what another server of ours brought what that server wrote", async () => {
  const raw = `Received: from mx.far.example (mx.far.example [${BAD_IP}]) by gate.ours.example; Sat, 28 Nov 2026 10:00:00 +0000\r\nFrom: x@far.example\r\n\r\nx\r\n`;
  const judged = await judge(Readable.from([Buffer.from(raw)]), {
    origin: { ip: "", helo: "gate.ours.example", protocol: "LMTP" },
    sender: "x@far.example",
    dns: zoneDns(zone),
    ownName: "mail.ours.example",
  });
  expect(words(judged)).toBe("spf fail · dkim none · dmarc fail (reject)");
});

it("makes nothing worse of a message that cannot be read", async () => {
  for (const raw of ["", "\r\n", "\u0000\u0000", "no header at all", `From: ${"x".repeat(500_000)}\r\n\r\n`]) {
    const judged = await judge(Readable.from([Buffer.from(raw)]), {
      origin: { ip: BAD_IP, helo: "", protocol: "SMTP" },
      sender: "nonsense",
      dns: zoneDns(zone),
      ownName: "mail.ours.example",
    });
    expect(judged.dmarc).not.toBe("pass");
  }
});
