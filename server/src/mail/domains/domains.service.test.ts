import { Readable } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { dkimVerify } from "mailauth";
import { createSeal } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { toCrLf, wholeToCrLf } from "../outbound/crLf.ts";
import { signMessage } from "../outbound/signMessage.ts";
import { resolverOf } from "./checkDomain.ts";
import { createDomains, type MailDomain, type MailDomains } from "./domains.service.ts";
import { zoneDns, type Zone } from "./zone.fixture.ts";

const by = { login: "admin" };
let test: TestDatabase;
let zone: Zone;
let now: number;
let domains: MailDomains;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  await test.pool.query("delete from mail_domain");
  await test.pool.query("delete from mail_address");
  now = Date.parse("2026-11-28T10:00:00Z");
  zone = {};
  domains = createDomains({
    db: test.db,
    clock: { now: () => now },
    log: silentLog,
    seal: createSeal(Buffer.alloc(32, 1)),
    dns: { resolve: ((name: string, type: "TXT") => zoneDns(zone).resolve(name, type)) as never },
    own: { name: "mail.ours.example" },
  });
});

const publish = ({ keys }: MailDomain) => {
  for (const { record } of keys) zone = { ...zone, [record.name]: { TXT: [record.value] } };
};
const states = ({ keys }: MailDomain) => keys.map(({ algorithm, state }) => `${algorithm} ${state}`);
const signers = async (domain: string) => (await domains.signingKeys(domain)).map(({ selector }) => selector);
const later = () => void (now += 60_000);

it("makes keys with a domain, and signs once the DNS shows them", async () => {
  const added = await domains.add(" Ours.Example. ", by);
  expect([added.name, states(added)]).toEqual(["ours.example", ["rsa pending", "ed25519 pending"]]);
  expect(await signers("ours.example")).toEqual([]);
  publish(added);
  later();
  expect(states(await domains.check("ours.example", by))).toEqual(["rsa active", "ed25519 active"]);
  expect(await signers("ours.example")).toEqual(added.keys.map(({ selector }) => selector));
  expect((await signers("sales.ours.example")).length).toBe(2);
  expect(await signers("theirs.example")).toEqual([]);
});

it("signs with the old pair until the new one is seen, and then with the new one alone", async () => {
  const first = await domains.add("ours.example", by);
  publish(first);
  await domains.check("ours.example", by);
  later();
  const both = await domains.addKeys("ours.example", by);
  expect(states(both)).toEqual(["rsa active", "ed25519 active", "rsa pending", "ed25519 pending"]);
  const [oldKey] = first.keys;
  await expect(domains.removeKey(oldKey?.id ?? "", by)).rejects.toMatchObject({
    details: { reason: "mailKey.active" },
  });
  publish({ ...both, keys: both.keys.filter(({ algorithm }) => algorithm === "rsa") });
  expect(states(await domains.check("ours.example", by))).toEqual([
    "rsa retired",
    "ed25519 active",
    "rsa active",
    "ed25519 pending",
  ]);
  await domains.removeKey(oldKey?.id ?? "", by);
  await expect(domains.removeKey(oldKey?.id ?? "", by)).rejects.toMatchObject({ code: "notFound" });
});

it("looks by itself: often while a key waits for its record, and rarely afterwards", async () => {
  await test.pool.query("insert into mail_domain (name) values ('configured.example')");
  await domains.checkDue();
  const [made] = await domains.list();
  expect(made && states(made)).toEqual(["rsa pending", "ed25519 pending"]);
  if (made) publish(made);
  await domains.checkDue();
  expect(states((await domains.list())[0] as MailDomain)).toEqual(["rsa pending", "ed25519 pending"]); // not yet time
  now += 11 * 60_000;
  await domains.checkDue();
  expect(states((await domains.list())[0] as MailDomain)).toEqual(["rsa active", "ed25519 active"]);
  const checkedAt = (await domains.list())[0]?.checkedAt;
  now += 60 * 60_000;
  await domains.checkDue();
  expect((await domains.list())[0]?.checkedAt).toBe(checkedAt);
  now += 6 * 60 * 60_000;
  await domains.checkDue();
  expect((await domains.list())[0]?.checkedAt).not.toBe(checkedAt);
  expect(await domains.troubled()).toEqual(["configured.example"]); // no MX
});

it("refuses what is no domain, what is there already, and to remove one that has addresses", async () => {
  for (const name of ["", "localhost", "not a domain", "a..b", `${"x".repeat(64)}.example`, "x@y.example"])
    await expect(domains.add(name, by)).rejects.toMatchObject({ code: "invalid" });
  await domains.add("пример.рф", by);
  await expect(domains.add("XN--e1afmkfd.xn--p1ai", by)).rejects.toMatchObject({ code: "conflict" });
  await test.pool.query(`
    insert into mailbox (id, kind, name, address) values ('00000000-0000-7000-8000-000000000001', 'shared', 'x', 'x@xn--e1afmkfd.xn--p1ai');
    insert into mail_address (address, mailbox_id) values ('x@xn--e1afmkfd.xn--p1ai', '00000000-0000-7000-8000-000000000001')`);
  await expect(domains.remove("xn--e1afmkfd.xn--p1ai", by)).rejects.toMatchObject({
    details: { reason: "mailDomain.used", params: { addresses: 1 } },
  });
  await test.pool.query("delete from mailbox");
  await domains.remove("xn--e1afmkfd.xn--p1ai", by);
  await expect(domains.remove("xn--e1afmkfd.xn--p1ai", by)).rejects.toMatchObject({ code: "notFound" });
  expect(await domains.list()).toEqual([]);
});

it("notes every act, and no key in it", async () => {
  const { keys } = await domains.add("audited.example", by);
  await domains.check("audited.example", by);
  await domains.addKeys("audited.example", by);
  await domains.removeKey(keys[0]?.id ?? "", by);
  await domains.remove("audited.example", by);
  const { rows } = await test.pool.query<{ action: string; details: object }>(
    "select action, details from audit_entry where object_title = 'audited.example' order by id",
  );
  expect(rows.map(({ action }) => action)).toEqual([
    "mail.domainAdded",
    "mail.domainChecked",
    "mail.keysAdded",
    "mail.keyRemoved",
    "mail.domainRemoved",
  ]);
  expect(JSON.stringify(rows)).not.toMatch(/PRIVATE|MII/);
});

it("signs so that others verify both signatures, also a message with lone line ends", async () => {
  publish(await domains.add("ours.example", by));
  await domains.check("ours.example", by);
  const keys = await domains.signingKeys("ours.example");
  const raw = `From: Anna <anna@ours.example>\nTo: x@far.example\r\nSubject: =?utf-8?q?=D0=94?=\nDate: Sat, 28 Nov 2026 10:00:00 +0000\n\none\ntwo\rthree \r\n\n`;
  const asSent = () => Readable.from(toCrLf(Readable.from([Buffer.from(raw)])));
  const signatures = await signMessage(asSent(), keys, now);
  expect(signatures.match(/^DKIM-Signature:/gm)?.length).toBe(2);
  const whole = signatures + raw.replaceAll(/\r?\n|\r/g, "\r\n");
  const { results } = await dkimVerify(whole, {
    resolver: resolverOf(zoneDns(zone)),
    strict: true,
    curTime: new Date(now),
  });
  expect(results?.map(({ status, algo }) => `${algo} ${status.result}`).toSorted()).toEqual([
    "ed25519-sha256 pass",
    "rsa-sha256 pass",
  ]);
  const changed = await dkimVerify(whole.replace("two", "2"), { resolver: resolverOf(zoneDns(zone)) });
  expect(changed.results?.map(({ status }) => status.result)).not.toContain("pass");
  expect(await signMessage(asSent(), [], now)).toBe("");
});

it("makes every line end CR LF, wherever the pieces are cut", async () => {
  const pieces = fc.array(fc.stringMatching(/^[\r\nx]{1,4}$/), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(pieces, async (parts) => {
      const made = await Readable.from(toCrLf(Readable.from(parts.map((part) => Buffer.from(part))))).toArray();
      const expected = parts.join("").replaceAll(/\r?\n|\r/g, "\r\n");
      expect(Buffer.concat(made).toString()).toBe(expected);
      expect(wholeToCrLf(Buffer.from(parts.join(""))).toString()).toBe(expected);
    }),
    { numRuns: 500 },
  );
});
