import { afterAll, beforeAll, expect } from "vitest";
import { startDovecot, type Dovecot, type DovecotOptions } from "../../../test/mail/dovecot.ts";
import { startFaultProxy, type FaultProxy, type FaultProxyOptions } from "../../../test/mail/faultProxy.ts";
import { openBoth, picture, pictureThere, rowOf, type Both, type House, type Picture } from "./accounts.fixture.ts";

export interface TestServer {
  /** Both sides of a new account at it, and the end of their connections. */
  withBoth(test: (both: Both) => Promise<void>): Promise<void>;
  /** The folder's UIDs mean other messages from now on; the server ends sessions that have it open. */
  renumber(user: string, path: string, uidValidity: number): Promise<unknown>;
  /** What the account's owner may do with the folder, in Dovecot's words; the server has to have its plugin `acl`. */
  allow(user: string, path: string, rights: readonly string[]): Promise<unknown>;
}

/** A server for the tests of the block in which this is called. */
export function onServer(house: () => House, options: DovecotOptions & FaultProxyOptions): TestServer {
  let dovecot: Dovecot;
  let proxy: FaultProxy;
  beforeAll(async () => {
    dovecot = await startDovecot(options);
    proxy = await startFaultProxy(dovecot.imapPort, options);
  });
  afterAll(async () => {
    await proxy.stop();
    await dovecot.stop();
  });
  return {
    async withBoth(test) {
      const both = await openBoth(house(), dovecot, { through: proxy.port });
      try {
        await test(both);
      } finally {
        await both.close();
      }
    },
    renumber: (user, path, uidValidity) =>
      dovecot.doveadm("mailbox", "update", "-u", user, "--uid-validity", String(uidValidity), path),
    allow: (user, path, rights) => dovecot.doveadm("acl", "set", "-u", user, path, "owner", ...rights),
  };
}

/** Both sides say the same; returns what. */
export async function sameOn(house: House, { mailboxId, other }: Both): Promise<Picture> {
  const there = await pictureThere(other);
  expect(await picture(house, mailboxId)).toEqual(there);
  return there;
}

export async function rowThatIs(house: House, { mailboxId }: Both, messageId: string) {
  const found = await rowOf(house, mailboxId, messageId);
  if (!found) throw new Error(`${messageId} is not here`);
  return found;
}
