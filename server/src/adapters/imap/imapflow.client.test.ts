import { describe, expect, it } from "vitest";
import { imapContract } from "../../mail/accounts/imap.contract.ts";
import { startDovecot, type DovecotOptions } from "../../../test/mail/dovecot.ts";
import { createImapflow } from "./imapflow.client.ts";
import { setsOf } from "./uidSets.ts";

const create = (certificate: string) =>
  createImapflow({ allowInnerNetwork: true, ...(certificate !== "" && { ca: certificate }) });
const servers: Readonly<Record<string, DovecotOptions>> = {
  "Dovecot with all it has": {},
  "Dovecot without QRESYNC": { without: ["QRESYNC"] },
  "Dovecot as servers were in 1996": {
    without: [
      "CONDSTORE",
      "QRESYNC",
      "MOVE",
      "UIDPLUS",
      "IDLE",
      "SPECIAL-USE",
      "ENABLE",
      "ESEARCH",
      "LIST-EXTENDED",
      "LIST-STATUS",
    ],
  },
};
for (const [name, options] of Object.entries(servers))
  imapContract(`imapflow on ${name}`, { create, startPeer: () => startDovecot(options) });

describe("where a connection may lead", () => {
  const settings = {
    port: 993,
    security: "tls",
    user: "anna",
    secret: { kind: "password", password: "x" },
  } as const;

  it.each(["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"])(
    "not to %s, by address or by a name that leads there",
    async (address) => {
      await expect(createImapflow().connect({ ...settings, host: address })).rejects.toMatchObject({
        reason: "innerNetwork",
      });
      const named = createImapflow({ resolve: () => Promise.resolve([address]) });
      await expect(named.connect({ ...settings, host: "mail.example.org" })).rejects.toMatchObject({
        reason: "innerNetwork",
      });
    },
  );
});

it("[IMP-2] a host that does not exist", async () => {
  const resolve = () => Promise.reject(Object.assign(new Error("no such host"), { code: "ENOTFOUND" }));
  const settings = { host: "mail.example.org", port: 993, security: "tls", user: "anna" } as const;
  const secret = { kind: "password", password: "x" } as const;
  await expect(createImapflow({ resolve }).connect({ ...settings, secret })).rejects.toMatchObject({ reason: "dns" });
});

describe("sets of UIDs", () => {
  it("are ranges, and short enough for a command line", () => {
    expect(setsOf([5, 1, 2, 3, 9, 8, 5])).toEqual(["1:3,5,8:9"]);
    expect(setsOf([])).toEqual([]);
    const scattered = Array.from({ length: 20_000 }, (_, index) => index * 2 + 1);
    const sets = setsOf(scattered);
    expect(Math.max(...sets.map(({ length }) => length))).toBeLessThan(8_000);
    expect(sets.join(",")).toBe(scattered.join(","));
  });
});
