import { expect, it } from "vitest";
import { zoneDns, type Zone } from "../../mail/domains/zone.fixture.ts";
import { findExchanges } from "./mx.ts";

const zone: Zone = {
  "example.com": {
    MX: [
      { exchange: "b.example.com", priority: 20 },
      { exchange: "a.example.com", priority: 10 },
    ],
  },
  "a.example.com": { A: ["192.88.99.1", "198.51.100.7"], AAAA: ["2a00::7"] },
  "b.example.com": { A: ["9.9.9.9"] },
  "bare.example.com": { A: ["9.9.9.8"] },
  "empty.example.com": { TXT: ["nothing here"] },
  "nomail.example.com": { MX: [{ exchange: "", priority: 0 }] },
  "slow.example.com": { fails: true },
  "half.example.com": {
    MX: [
      { exchange: "slow.example.com", priority: 1 },
      { exchange: "b.example.com", priority: 2 },
    ],
  },
  "unknown.example.com": { MX: [{ exchange: "slow.example.com", priority: 1 }] },
  "dangling.example.com": { MX: [{ exchange: "gone.example.com", priority: 1 }] },
  "backup.example.com": {
    MX: [
      { exchange: "b.example.com", priority: 10 },
      { exchange: "Mail.Ours.Example.", priority: 20 },
      { exchange: "a.example.com", priority: 30 },
    ],
  },
  "circle.example.com": { MX: [{ exchange: "mail.ours.example", priority: 5 }] },
  "inside.example.com": { A: ["10.0.0.5"], AAAA: ["::1", "::ffff:127.0.0.1"] },
};
const find = (domain: string, allowPrivate = false) =>
  findExchanges(domain, { dns: zoneDns(zone), ownName: "mail.ours.example", allowPrivate });
const addresses = async (domain: string, allowPrivate = false) => {
  const found = await find(domain, allowPrivate);
  return found.kind === "hosts" ? found.hosts.map(({ address }) => address) : found;
};

it("takes hosts by preference, and all addresses of each that are of the internet", async () => {
  // 192.88.99.0/24 and 198.51.100.0/24 are set aside for relays and for documentation.
  expect(await addresses("example.com")).toEqual(["2a00::7", "9.9.9.9"]);
});

it("shares the mail among hosts of the same preference", async () => {
  const equal = { "eq.example": { MX: ["a", "b", "c"].map((name) => ({ exchange: `${name}.example`, priority: 5 })) } };
  const named = Object.fromEntries(["a", "b", "c"].map((name, at) => [`${name}.example`, { A: [`9.9.9.${at}`] }]));
  const first = new Set<string>();
  for (let time = 0; time < 200; time++) {
    const found = await findExchanges("eq.example", {
      dns: zoneDns({ ...equal, ...named }),
      ownName: "ours",
      allowPrivate: false,
    });
    if (found.kind === "hosts") first.add(found.hosts[0]?.name ?? "");
  }
  expect([...first].toSorted()).toEqual(["a.example", "b.example", "c.example"]); // 1 in 10^35 that one is never first
});

it("asks the domain itself where there is no MX (RFC 5321 §5.1)", async () => {
  expect(await addresses("bare.example.com")).toEqual(["9.9.9.8"]);
});

it("takes an address in brackets as it is", async () => {
  expect(await addresses("[9.9.9.9]")).toEqual(["9.9.9.9"]);
  expect(await addresses("[IPv6:2a00::1]")).toEqual(["2a00::1"]);
  expect(await find("[127.0.0.1]")).toMatchObject({ kind: "never", enhancedCode: "5.4.4" });
});

it("gives up at once where the domain is not, takes no mail (RFC 7505), or nobody has an address", async () => {
  expect(await find("gone.example.com")).toMatchObject({ kind: "never", code: 556, enhancedCode: "5.1.2" });
  expect(await find("nomail.example.com")).toMatchObject({ kind: "never", code: 556, enhancedCode: "5.1.10" });
  expect(await find("empty.example.com")).toMatchObject({ kind: "never", enhancedCode: "5.4.4" });
  expect(await find("dangling.example.com")).toMatchObject({ kind: "never", enhancedCode: "5.4.4" });
  expect(await find(`${"x".repeat(64)}.example.com`)).toMatchObject({ kind: "never" });
});

it("comes back later where the DNS is silent, but not if one of the hosts is known", async () => {
  expect(await find("slow.example.com")).toMatchObject({ kind: "later" });
  expect(await find("unknown.example.com")).toMatchObject({ kind: "later" });
  expect(await addresses("half.example.com")).toEqual(["9.9.9.9"]);
});

it("sends nothing in a circle: hosts at or behind our own place are left out (RFC 5321 §5.1)", async () => {
  expect(await addresses("backup.example.com")).toEqual(["9.9.9.9"]);
  expect(await find("circle.example.com")).toMatchObject({ kind: "never", enhancedCode: "5.4.6" });
});

it("does not knock at the office's own machines for a stranger's domain, unless told so", async () => {
  expect(await find("inside.example.com")).toMatchObject({ kind: "never", enhancedCode: "5.4.4" });
  expect(await addresses("inside.example.com", true)).toEqual(["10.0.0.5", "::1", "::ffff:127.0.0.1"]);
});
