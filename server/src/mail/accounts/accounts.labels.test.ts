import { afterAll, beforeAll, expect, it } from "vitest";
import { startDovecot, type Dovecot } from "../../../test/mail/dovecot.ts";
import { createAccountSync } from "./account.sync.ts";
import { AccountFailure } from "./account.failure.ts";
import {
  folderIdOf,
  letter,
  openBoth,
  picture,
  pictureThere,
  rowOf,
  startHouse,
  type Both,
  type House,
} from "./accounts.fixture.ts";
import type { ImapSession } from "./imap.port.ts";
import { labelToKeyword } from "./keyword.ts";

let house: House;
let dovecot: Dovecot;
beforeAll(async () => {
  house = await startHouse();
  dovecot = await startDovecot();
});
afterAll(async () => {
  await dovecot.stop();
  await house.stop();
});

async function withMessage(test: (both: Both, id: string) => Promise<void>, flags: string[] = []): Promise<void> {
  const both = await openBoth(house, dovecot);
  try {
    await both.other.append("INBOX", letter("l1@x"), flags);
    await both.settle();
    await test(both, (await rowOf(house, both.mailboxId, "l1@x"))?.id ?? "");
  } finally {
    await both.close();
  }
}
const roundWith = (both: Both, over: Partial<ImapSession>) =>
  createAccountSync({ ...both.work, session: { ...both.work.session, ...over } }).round({ thorough: true });
const labelsHere = async ({ mailboxId }: Both) => (await rowOf(house, mailboxId, "l1@x"))?.labels;
const same = async ({ mailboxId, other }: Both) => {
  const there = await pictureThere(other);
  expect(await picture(house, mailboxId)).toEqual(there);
  return there;
};
const keyword = labelToKeyword("Важные счета") ?? "";

it("what another client tagged is labelled here, from the first look on", () =>
  withMessage(
    async (both) => {
      expect((await labelsHere(both))?.toSorted()).toEqual(["work", "Важные счета"]);
      await both.other.mailboxOpen("INBOX");
      await both.other.messageFlagsAdd("1", ["home"], { uid: true });
      await both.other.messageFlagsRemove("1", ["work"], { uid: true });
      await both.settle();
      expect(await same(both)).toMatchObject({ INBOX: ["l1@x 0 home Важные счета"] });
    },
    ["work", keyword, "$label1", "NonJunk"],
  ));

it("what is labelled here is tagged there, and stays so when it moves", () =>
  withMessage(async (both, id) => {
    await both.change("mail.update", id, { addLabels: ["Важные счета", "work"] });
    await both.change("mail.update", id, { addLabels: ["to do"], removeLabels: ["work"], flagged: true });
    await both.change("mail.update", id, { folderId: await folderIdOf(house, both.mailboxId, "archive") });
    await both.settle();
    expect(await same(both)).toMatchObject({ INBOX: [], Archive: ["l1@x 2 to do Важные счета"] });
  }));

it("[ACC-1] a label that is still to be set there is not taken away by what another client does meanwhile", () =>
  withMessage(async (both, id) => {
    await both.change("mail.update", id, { addLabels: ["work"] });
    await both.other.mailboxOpen("INBOX");
    await both.other.messageFlagsAdd("1", [keyword, "work"], { uid: true });
    await both.change("mail.update", id, { removeLabels: ["work"] });
    const cut = () => Promise.reject(new AccountFailure("closed"));
    await expect(roundWith(both, { setLabels: cut })).rejects.toMatchObject({ reason: "closed" });
    await both.settle();
    expect(await same(both)).toMatchObject({ INBOX: ["l1@x 0 Важные счета"] });
  }));

it("a label that the provider does not keep, or that is too long for it, is kept here", () =>
  withMessage(async (both, id) => {
    const long = "x".repeat(60);
    await both.change("mail.update", id, { addLabels: [long, "work"] });
    await both.settle();
    await both.change("mail.update", id, { addLabels: ["home"] });
    await roundWith(both, { setLabels: () => Promise.reject(new AccountFailure("server", "No more keywords")) });
    await both.settle();
    expect(await labelsHere(both)).toEqual([long, "work", "home"]);
    expect((await pictureThere(both.other))["INBOX"]).toEqual(["l1@x 0 work"]);
    // Nor by what is put there from here.
    const { session } = both.work;
    const select = async (path: string) => ({ ...(await session.select(path)), takesLabels: false });
    await both.change("mail.update", id, { addLabels: ["late"] });
    await roundWith(both, { select });
    await both.settle();
    expect(await labelsHere(both)).toEqual([long, "work", "home", "late"]);
  }));

it("one that was deleted there and moved here is put there again with its labels", () =>
  withMessage(async (both, id) => {
    await both.change("mail.update", id, { addLabels: ["Важные счета", "y".repeat(60)] });
    await both.settle();
    await both.other.mailboxOpen("INBOX");
    await both.other.messageDelete("1", { uid: true });
    await both.change("mail.update", id, { folderId: await folderIdOf(house, both.mailboxId, "archive") });
    await both.settle();
    expect((await pictureThere(both.other))["Archive"]).toEqual(["l1@x 0 Важные счета"]);
    expect(await labelsHere(both)).toEqual(["Важные счета", "y".repeat(60)]);
  }));
