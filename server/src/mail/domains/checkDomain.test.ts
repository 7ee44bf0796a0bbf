import { expect, it } from "vitest";
import { checkDomain, type CheckedKey, type Finding } from "./checkDomain.ts";
import { keyRecord, makeKeys } from "./dkimKey.ts";
import { zoneDns, type Zone } from "./zone.fixture.ts";

const [rsa, ed25519] = (await makeKeys(new Date("2026-11-28"))).map((key): CheckedKey => ({
  ...key,
  state: "active",
})) as [CheckedKey, CheckedKey];
const own = { name: "mail.ours.example" };
const good: Zone = {
  "mail.ours.example": { A: ["203.0.113.5"], AAAA: ["2001:db8::5"] },
  "ours.example": { MX: [{ exchange: "mail.ours.example", priority: 10 }], TXT: ["other=1", "v=spf1 mx -all"] },
  "_dmarc.ours.example": { TXT: ["v=DMARC1; p=reject"] },
  "5.113.0.203.in-addr.arpa": { PTR: ["mail.ours.example"] },
  "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": { PTR: ["mail.ours.example"] },
  [`${rsa.selector}._domainkey.ours.example`]: { TXT: [keyRecord(rsa)] },
  [`${ed25519.selector}._domainkey.ours.example`]: { TXT: [`v=DKIM1;k=ed25519;p= ${ed25519.publicKey} `] },
};
const look = async (changes: Zone, what: Finding["what"], more: { relayHost?: string } = {}) => {
  const zone: Zone = { ...good, ...changes };
  const findings = await checkDomain("ours.example", {
    dns: zoneDns(zone),
    own: { ...own, ...more },
    keys: [rsa, ed25519],
  });
  return findings.filter((finding) => finding.what === what);
};

it("is content with a domain of which all is well", async () => {
  const findings = await checkDomain("ours.example", { dns: zoneDns(good), own, keys: [rsa, ed25519] });
  expect(findings.map(({ what, state, reason }) => `${what} ${state} ${reason}`)).toEqual([
    "mx ok fine",
    "spf ok fine",
    "dkim ok fine",
    "dkim ok fine",
    "dmarc ok fine",
    "ptr ok fine",
    "ptr ok fine",
  ]);
});

it("says what to set where nothing is", async () => {
  const findings = await checkDomain("new.example", { dns: zoneDns({ "new.example": {} }), own, keys: [rsa] });
  expect(findings.map(({ what, state, wanted }) => [what, state, wanted?.name, wanted?.type, wanted?.value])).toEqual([
    ["mx", "missing", "new.example", "MX", "10 mail.ours.example."],
    ["spf", "missing", "new.example", "TXT", "v=spf1 mx a:mail.ours.example ~all"],
    ["dkim", "missing", `${rsa.selector}._domainkey.new.example`, "TXT", keyRecord(rsa)],
    ["dmarc", "missing", "_dmarc.new.example", "TXT", "v=DMARC1; p=quarantine; rua=mailto:postmaster@new.example"],
    ["ptr", "missing", undefined, undefined, undefined],
  ]);
});

it("tells mail that goes elsewhere", async () => {
  const mx = { MX: [{ exchange: "aspmx.provider.example", priority: 1 }] };
  expect(await look({ "ours.example": mx }, "mx")).toMatchObject([
    { state: "poor", reason: "elsewhere", found: ["1 aspmx.provider.example"] },
  ]);
});

it("tries SPF with the address that mail really leaves from", async () => {
  const spf = (text: string) => look({ "ours.example": { TXT: [text] } }, "spf");
  expect(await spf("v=spf1 ip4:203.0.113.5 -all")).toMatchObject([{ state: "ok" }]);
  expect(await spf("v=spf1 include:provider.example ~all")).toMatchObject([{ state: "poor", reason: "broken" }]); // of nobody
  expect(await spf("v=spf1 ip4:198.51.100.1 ~all")).toMatchObject([
    { state: "poor", reason: "notUs", wanted: { value: "v=spf1 a:mail.ours.example ip4:198.51.100.1 ~all" } },
  ]);
  expect(await spf("v=spf1 ip4:nonsense -all")).toMatchObject([{ state: "poor", reason: "broken" }]);
  expect(await look({ "ours.example": { TXT: ["v=spf1 mx -all", "v=spf1 a -all"] } }, "spf")).toMatchObject([
    { state: "poor", reason: "several" },
  ]);
});

it("asks nothing of our own address where a relay sends", async () => {
  const relayHost = "relay.provider.example";
  const relay: Zone = { [relayHost]: { A: ["198.51.100.9"] } };
  const spf = {
    "ours.example": { TXT: ["v=spf1 include:spf.provider.example -all"] },
    "spf.provider.example": { TXT: ["v=spf1 ip4:198.51.100.0/24 -all"] },
  };
  expect(await look({ ...relay, ...spf }, "spf", { relayHost })).toMatchObject([{ state: "ok" }]);
  expect(await look({ ...relay, "ours.example": {} }, "spf", { relayHost })).toMatchObject([
    { state: "missing", wanted: { value: `v=spf1 a:${relayHost} ~all` } },
  ]);
  expect(await look({ ...relay, "5.113.0.203.in-addr.arpa": {} }, "ptr", { relayHost })).toMatchObject([
    { state: "ok", reason: "relayed" },
  ]);
});

it("tells a key that is another, was revoked, or stands there twice", async () => {
  const name = `${rsa.selector}._domainkey.ours.example`;
  const dkim = async (...texts: string[]) => (await look({ [name]: { TXT: texts } }, "dkim"))[0];
  expect(await dkim("v=DKIM1; k=rsa; p=AAAA")).toMatchObject({
    state: "poor",
    reason: "differs",
    selector: rsa.selector,
  });
  expect(await dkim("v=DKIM1; p=")).toMatchObject({ state: "poor", reason: "revoked" });
  expect(await dkim(keyRecord(rsa), keyRecord(rsa))).toMatchObject({ state: "poor", reason: "several" });
  expect(await dkim(keyRecord(rsa).replaceAll(/(.{70})/g, "$1 "))).toMatchObject({ state: "ok" });
});

it("tells a DMARC record that only watches, or says nothing", async () => {
  const dmarc = (text: string) => look({ "_dmarc.ours.example": { TXT: [text] } }, "dmarc");
  expect(await dmarc("v=DMARC1; p=none; rua=mailto:x@ours.example")).toMatchObject([
    { state: "poor", reason: "watchOnly" },
  ]);
  expect(await dmarc("v=DMARC1; sp=reject")).toMatchObject([{ state: "poor", reason: "broken" }]);
  expect(await dmarc("v=DMARC1;p = Quarantine")).toMatchObject([{ state: "ok" }]);
  expect(await dmarc("v=DMARC2; p=reject")).toMatchObject([{ state: "missing" }]);
});

it("looks for the name of each of our addresses", async () => {
  expect(await look({ "5.113.0.203.in-addr.arpa": { PTR: ["host5.provider.example"] } }, "ptr")).toMatchObject([
    { state: "poor", reason: "otherName", wanted: { name: "203.0.113.5", value: "mail.ours.example." } },
    { state: "ok" },
  ]);
  expect(await look({ "5.113.0.203.in-addr.arpa": {} }, "ptr")).toMatchObject([{ state: "missing" }, { state: "ok" }]);
});

it("takes a silent DNS for what it is", async () => {
  const silent = Object.fromEntries(Object.keys(good).map((name) => [name, { fails: true }]));
  const findings = await checkDomain("ours.example", { dns: zoneDns(silent), own, keys: [rsa] });
  expect(findings.map(({ what, state }) => `${what} ${state}`)).toEqual([
    "mx unknown",
    "spf unknown",
    "dkim unknown",
    "dmarc unknown",
    "ptr missing",
  ]);
});
