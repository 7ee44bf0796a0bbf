import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "@kontor/shared/base";
import { createDoorbell, type Doorbell } from "#kernel";
import { silentLog } from "#testing";
import { startDovecot, type Dovecot } from "../../../test/mail/dovecot.ts";
import { startFaultProxy } from "../../../test/mail/faultProxy.ts";
import { createImapflow } from "../../adapters/imap/index.ts";
import {
  actAsAnn,
  addAccount,
  connectOther,
  folderIdOf,
  letter,
  picture,
  pictureThere,
  rowOf,
  startHouse,
  type House,
  type TestAccount,
} from "./accounts.fixture.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { readMail } from "../mime/readMail.ts";
import { insertDraftContent } from "../send/drafts.repo.ts";
import { findAccount } from "./accounts.repo.ts";
import { createAccountsRunner, type AccountsRunner } from "./accounts.runner.ts";
import type { SyncHooks } from "./account.sync.ts";
import { createSlots } from "./slots.ts";

let house: House;
let dovecot: Dovecot;
let doorbell: Doorbell;
beforeAll(async () => {
  house = await startHouse();
  dovecot = await startDovecot();
  doorbell = await createDoorbell({ url: house.test.url, log: silentLog });
});
afterAll(async () => {
  await doorbell.close();
  await dovecot.stop();
  await house.stop();
});

const running: AccountsRunner[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((runner) => runner.stop()));
  await house.test.pool.query("update mail_account set state = 'off', epoch = epoch + 1");
});

async function startNode(hooks: SyncHooks = {}): Promise<AccountsRunner> {
  const { db, blobs, credentials } = house;
  const runner = createAccountsRunner({
    databaseUrl: house.test.url,
    db,
    blobs,
    credentials,
    contents: { keepFiles: async () => undefined },
    read: async (raw) => readMail(raw),
    clock: systemClock,
    log: silentLog,
    imap: createImapflow({ allowInnerNetwork: true, ca: dovecot.certificate }),
    doorbell,
    most: 10,
    fillings: createSlots(2),
    hooks,
    changed: () => doorbell.ring(),
  });
  running.push(runner);
  await runner.start();
  return runner;
}

const until = <Result>(look: () => Promise<Result>): Promise<Result> =>
  vi.waitFor(look, { timeout: 30_000, interval: 50 });
const stateOf = async ({ mailboxId }: TestAccount) => (await findAccount(house.db, mailboxId))?.state;
const isReady = (account: TestAccount) => until(async () => expect(await stateOf(account)).toBe("ready"));
const isHere = (account: TestAccount, messageId: string) =>
  until(async () => expect(await rowOf(house, account.mailboxId, messageId)).toBeDefined());
const sameOnBothSides = (account: TestAccount, other: Awaited<ReturnType<typeof connectOther>>) =>
  until(async () => expect(await picture(house, account.mailboxId)).toEqual(await pictureThere(other)));

describe("an account is looked after", { timeout: 60_000 }, () => {
  it("[ACC-5] from the first filling on: what comes in comes at once, and what is done here goes at once", async () => {
    const account = await addAccount(house, dovecot);
    const other = await connectOther(dovecot, account.user);
    for (let n = 1; n <= 30; n++) await other.append("INBOX", letter(`w${n}@run`));
    const arrived: string[] = [];
    await startNode({ arrived: async (_trx, placed) => void arrived.push(...placed.map(({ id }) => id)) });
    await isReady(account);
    expect((await picture(house, account.mailboxId))["INBOX"]).toHaveLength(30);
    expect(arrived).toEqual([]); // what was there before is no news

    await other.append("INBOX", letter("fresh@run"));
    await isHere(account, "fresh@run");
    expect(arrived).toEqual([(await rowOf(house, account.mailboxId, "fresh@run"))?.id]);

    const id = (await rowOf(house, account.mailboxId, "w1@run"))?.id ?? "";
    await actAsAnn(house, "mail.update", id, {
      seen: true,
      folderId: await folderIdOf(house, account.mailboxId, "archive"),
    });
    doorbell.ring();
    await sameOnBothSides(account, other);
    expect((await pictureThere(other))["Archive"]).toEqual(["w1@run 1"]);
    await other.logout();
  });

  it("[DFT-1] and a draft on which nobody writes any longer is put there, without anybody asking", async () => {
    const account = await addAccount(house, dovecot);
    const other = await connectOther(dovecot, account.user);
    await startNode();
    await isReady(account);
    const at = new Date(Date.now() - 10_000).toISOString();
    const content = {
      subject: "Rests",
      snippet: "",
      text: "Hello",
      html: "<p>Hello</p>",
      hasRemote: false,
      extras: {},
    };
    const people = { from: [{ address: `${account.user}@elsewhere.example` }], to: [], cc: [] };
    await house.db.transaction().execute(async (trx) => {
      const headers = { messageId: "rests@run", inReplyTo: [], refs: [] };
      await placeMessage(trx, {
        mailboxId: account.mailboxId,
        folder: { role: "drafts" },
        contentId: await insertDraftContent(trx, { ...content, people }, headers, at),
        receivedAt: at,
        seen: true,
        send: { state: "draft", by: house.annId },
        draftRev: 1,
      });
    });
    await until(async () => expect((await pictureThere(other))["Drafts"]).toEqual(["rests@run 1"]));
    await other.logout();
  });

  it("[ACC-4] by one node, and by another when that one is gone", async () => {
    const account = await addAccount(house, dovecot);
    const other = await connectOther(dovecot, account.user);
    await other.append("INBOX", letter("one@nodes"));
    const first = await startNode();
    await isReady(account);
    const second = await startNode();
    expect([first.count(), second.count()]).toEqual([1, 0]);
    await first.stop();
    await other.append("INBOX", letter("two@nodes"));
    await isHere(account, "two@nodes");
    expect(second.count()).toBe(1);
    await other.logout();
  });

  it("[ACC-4] a node whose database session dies gives the account up, and takes it again", async () => {
    const account = await addAccount(house, dovecot);
    const other = await connectOther(dovecot, account.user);
    await startNode();
    await isReady(account);
    const before = (await findAccount(house.db, account.mailboxId))?.epoch ?? 0;
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'kontor-accounts' and datname = current_database()`.execute(house.db);
    await until(async () => expect((await findAccount(house.db, account.mailboxId))?.epoch).toBe(before + 1));
    await other.append("INBOX", letter("again@nodes"));
    await isHere(account, "again@nodes");
    await other.logout();
  });

  it("while its owner is switched on", async () => {
    const account = await addAccount(house, dovecot);
    const other = await connectOther(dovecot, account.user);
    const runner = await startNode();
    await isReady(account);
    const turn = (state: string) =>
      sql`update app_user set state = ${state} where id = (select owner_id from mailbox where id = ${account.mailboxId})`.execute(
        house.db,
      );
    await turn("disabled");
    doorbell.ring();
    await until(async () => expect(runner.count()).toBe(0));
    await other.append("INBOX", letter("private@left"));
    await turn("active");
    doorbell.ring();
    await isHere(account, "private@left");
    await other.logout();
  });

  it("until it is switched off or removed", async () => {
    const account = await addAccount(house, dovecot);
    const runner = await startNode();
    await isReady(account);
    await house.test.pool.query("delete from mailbox where id = $1", [account.mailboxId]);
    doorbell.ring();
    await until(async () => expect(runner.count()).toBe(0));
  });
});

describe("an account that cannot be reached", { timeout: 60_000 }, () => {
  it("with a wrong password asks its owner, and never knocks again by itself", async () => {
    const mistyped = await addAccount(house, { ...dovecot, password: "mistyped" });
    await startNode();
    await until(async () => expect(await stateOf(mistyped)).toBe("needsSignIn"));
    expect(await findAccount(house.db, mistyped.mailboxId)).toMatchObject({ reason: "auth", retry_at: null });
    const knocks = async () =>
      ((await dovecot.log()).match(new RegExp(`auth failed.*user=<${mistyped.user}>`, "g")) ?? []).length;
    const before = await knocks();
    doorbell.ring();
    // A turn of the runner that looks for accounts that are due.
    const other = await addAccount(house, dovecot);
    doorbell.ring();
    await isReady(other);
    expect(await knocks()).toBe(before);

    const { secret_sealed } = house.credentials.sealPassword(mistyped.mailboxId, dovecot.password);
    await house.test.pool.query(
      "update mail_account set secret_sealed = $2, state = 'connecting', failures = 0 where mailbox_id = $1",
      [mistyped.mailboxId, secret_sealed],
    );
    doorbell.ring();
    await isReady(mistyped);
  });

  it("waits, longer each time, and goes on where it was", async () => {
    const proxy = await startFaultProxy(dovecot.imapsPort);
    const account = await addAccount(house, dovecot, { imap_port: proxy.port });
    const other = await connectOther(dovecot, account.user);
    await startNode();
    await isReady(account);
    await proxy.stop();
    await until(async () => expect(await stateOf(account)).toBe("waiting"));
    const waiting = await findAccount(house.db, account.mailboxId);
    expect(waiting).toMatchObject({ failures: 1 });
    expect(["closed", "refused"]).toContain(waiting?.reason);
    expect(Date.parse(waiting?.retry_at ?? "")).toBeGreaterThan(Date.now());
    await other.append("INBOX", letter("meanwhile@wait"));
    await house.test.pool.query("update mail_account set imap_port = $2, retry_at = null where mailbox_id = $1", [
      account.mailboxId,
      dovecot.imapsPort,
    ]);
    doorbell.ring();
    await isHere(account, "meanwhile@wait");
    await other.logout();
  });
});
