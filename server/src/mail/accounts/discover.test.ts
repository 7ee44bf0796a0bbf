import { describe, expect, it } from "vitest";
import { discover, type DiscoveryDns } from "./discover.ts";
import { presets } from "./presets.ts";

/** A DNS that knows this and nothing else. */
const dnsOf = ({
  srv = {},
  mx = {},
  hosts = [],
}: {
  srv?: Readonly<Record<string, readonly (readonly [priority: number, name: string, port: number])[]>>;
  mx?: Readonly<Record<string, readonly string[]>>;
  hosts?: readonly string[];
}): DiscoveryDns => ({
  srv: async (name) => (srv[name] ?? []).map(([priority, target, port]) => ({ priority, name: target, port })),
  mx: async (domain) => (mx[domain] ?? []).map((exchange, priority) => ({ exchange, priority })),
  exists: async (host) => hosts.includes(host),
});
const find = (address: string, dns: Parameters<typeof dnsOf>[0] = {}) => discover(address, dnsOf(dns));

describe("where an address has its mail", () => {
  it.each([
    ["anna@gmail.com", "imap.gmail.com", "smtp.gmail.com"],
    ["ANNA@GMAIL.COM", "imap.gmail.com", "smtp.gmail.com"],
    ["анна@yandex.ru", "imap.yandex.ru", "smtp.yandex.ru"],
    ["a@list.ru", "imap.mail.ru", "smtp.mail.ru"],
    ["a@outlook.com", "outlook.office365.com", "smtp.office365.com"],
    ["a@icloud.com", "imap.mail.me.com", "smtp.mail.me.com"],
    ["a@gmx.de", "imap.gmx.net", "mail.gmx.net"],
    ["a@yahoo.com", "imap.mail.yahoo.com", "smtp.mail.yahoo.com"],
    ["a@fastmail.com", "imap.fastmail.com", "smtp.fastmail.com"],
    ["a@zoho.com", "imap.zoho.com", "smtp.zoho.com"],
  ])("%s: known by its domain, without asking anybody", async (address, imap, smtp) => {
    const found = await find(address);
    expect(found).toMatchObject({ by: "preset", userName: address });
    expect([found?.imap.host, found?.smtp.host]).toEqual([imap, smtp]);
  });

  it.each([
    ["firm.example", ["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "gmail"],
    ["firm.example", ["firm-example.mail.protection.outlook.com"], "outlook"],
    ["firma.example", ["mx.yandex.net"], "yandex"],
    ["firma.example", ["emx.mail.ru"], "mailru"],
    ["firm.example", ["notgoogle.com"], undefined],
    ["firm.example", ["google.com.evil.example"], undefined],
  ])("%s, whose mail goes to %s: %s", async (domain, exchanges, key) => {
    const found = await find(`a@${domain}`, { mx: { [domain]: exchanges } });
    expect(found?.preset?.key).toBe(key);
  });

  it("as the domain says (RFC 6186, RFC 8314), the best first, and not where it says that there is none", async () => {
    const srv = {
      "_imaps._tcp.firm.example": [
        [20, "second.firm.example", 993],
        [10, "First.firm.example.", 10_993],
      ],
      "_imap._tcp.firm.example": [[0, "plain.firm.example", 143]],
      "_submissions._tcp.firm.example": [[0, ".", 0]],
      "_submission._tcp.firm.example": [[0, "out.firm.example", 587]],
    } as const;
    expect(await find("a@firm.example", { srv, hosts: ["mail.firm.example"] })).toMatchObject({
      by: "srv",
      imap: { host: "first.firm.example", port: 10_993, security: "tls" },
      smtp: { host: "out.firm.example", port: 587, security: "starttls" },
    });
  });

  it("as most are called, as far as such hosts exist", async () => {
    expect(await find("a@firm.example", { hosts: ["mail.firm.example", "smtp.firm.example"] })).toMatchObject({
      by: "guess",
      imap: { host: "mail.firm.example", port: 993, security: "tls" },
      smtp: { host: "smtp.firm.example", port: 465, security: "tls" },
    });
    expect(await find("a@firm.example")).toBeUndefined();
  });
});

it("presets know each domain once, and sign nobody in without encryption", () => {
  const domains = presets.flatMap((preset) => preset.domains);
  expect(domains.toSorted()).toEqual([...new Set(domains)].toSorted());
  expect(new Set(presets.map(({ key }) => key)).size).toBe(presets.length);
  for (const { imap, smtp, password, oauth } of presets) {
    expect([imap.security, smtp.security]).not.toContain("none");
    expect(password === "none" && oauth === undefined).toBe(false);
  }
});
