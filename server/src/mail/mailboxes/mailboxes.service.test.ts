import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId, systemClock } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { actor, changesSince, logEnd, mailboxOf, people, seedMail } from "../mail.fixture.ts";
import { accessToMailbox, requireMailbox } from "./mailbox.resource.ts";
import { createMailboxService, type MailboxService } from "./mailboxes.service.ts";
import { findMailboxes } from "./mailboxes.repo.ts";
import { resolveAddresses } from "./resolveAddresses.ts";

let test: TestDatabase;
let service: MailboxService;
const by = { userId: people.root, login: "root" };
let n = 0;
let address: string;

beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
  service = createMailboxService({ db: test.db, doorbell: { ring: () => undefined }, clock: systemClock });
});
beforeEach(() => {
  address = `shared.${n++}@kontor.example`;
});
afterAll(() => test.drop());

const one = async (id: string) => (await findMailboxes(test.db, [id]))[0];
const audited = async (id: string) => {
  const { rows } = await test.pool.query<{ action: string; details: unknown }>(
    "select action, details from audit_entry where object_id = $1 order by at, action",
    [id],
  );
  return rows;
};

describe("shared mailboxes", () => {
  it("are made with addresses of ours, members and folders, and that is audited", async () => {
    const { id } = await service.createShared(
      {
        name: "Sales",
        address: address.toUpperCase(),
        aliases: [`alias.${address}`],
        members: [{ userId: people.ann, role: "sender" }],
      },
      by,
    );
    expect(await one(id)).toMatchObject({
      kind: "shared",
      address,
      addresses: [address, `alias.${address}`],
      members: [{ userId: people.ann, role: "sender" }],
    });
    expect(await audited(id)).toMatchObject([{ action: "mail.mailboxCreated", details: { address, members: 1 } }]);
  });

  it("take no address that is not ours, that somebody has, or that is none", async () => {
    await service.createShared({ name: "First", address }, by);
    for (const [wanted, reason] of [
      ["x@elsewhere.example", "mailbox.foreignAddress"],
      ["nonsense", "mailbox.foreignAddress"],
      [address, "mailbox.addressTaken"],
      ["ann@kontor.example", "mailbox.addressTaken"],
    ] as const)
      await expect(service.createShared({ name: "Second", address: wanted }, by)).rejects.toMatchObject({
        details: { reason },
      });
  });

  it("are reached at the addresses that they have now, and at no others", async () => {
    const { id } = await service.createShared({ name: "Moving", address }, by);
    await service.change(id, { addresses: [`new.${address}`, `old.${address}`] }, by);
    const found = await resolveAddresses(test.db, [address, `new.${address}`, `old.${address}`]);
    expect([...found.values()]).toEqual([
      { kind: "unknown" },
      { kind: "inside", mailboxIds: [id] },
      { kind: "inside", mailboxIds: [id] },
    ]);
    expect(await one(id)).toMatchObject({ address: `new.${address}` });
    await service.change(id, { disabled: true }, by);
    expect((await resolveAddresses(test.db, [`new.${address}`])).get(`new.${address}`)).toEqual({ kind: "unknown" });
  });

  it("change members in one step; what changed is audited, and nothing where nothing did", async () => {
    const { id } = await service.createShared(
      { name: "Team", address, members: [{ userId: people.ann, role: "manager" }] },
      by,
    );
    const set = (members: Parameters<MailboxService["setMembers"]>[2]) =>
      test.db.transaction().execute((trx) => service.setMembers(trx, id, members, by));
    const members = [
      { userId: people.ann, role: "manager" },
      { userId: people.bob, role: "reader" },
    ] as const;
    await set(members);
    const from = await logEnd(test.db);
    await set(members);
    expect(await changesSince(test.db, from)).toEqual([]);
    await set([{ userId: people.bob, role: "editor" }]);
    expect(await changesSince(test.db, from)).toEqual([`mailboxes ${id}`]);
    expect((await audited(id)).slice(-1)).toMatchObject([
      {
        action: "mail.membersChanged",
        details: { added: [`${people.bob} editor`], removed: [`${people.ann} manager`, `${people.bob} reader`] },
      },
    ]);
    await expect(set([{ userId: newId(), role: "reader" }])).rejects.toMatchObject({
      details: { reason: "person.unknown" },
    });
    await expect(set([...members, { userId: people.bob, role: "sender" }])).rejects.toMatchObject({
      details: { reason: "mailbox.memberTwice" },
    });
  });
});

describe("access by role", () => {
  const acts = ["read", "edit", "send", "manage"] as const;
  it.each([
    ["reader", ["read"]],
    ["editor", ["read", "edit"]],
    ["sender", ["read", "edit", "send"]],
    ["manager", ["read", "edit", "send", "manage"]],
  ] as const)("a %s may %j", async (role, may) => {
    const { id } = await service.createShared({ name: role, address, members: [{ userId: people.bob, role }] }, by);
    for (const act of acts) {
      const asked = requireMailbox(test.db, actor("bob"), id, act).then(
        () => "done",
        (error: { code: string }) => error.code,
      );
      expect([act, await asked]).toEqual([act, (may as readonly string[]).includes(act) ? "done" : "forbidden"]);
    }
    await expect(requireMailbox(test.db, actor("eve"), id, "read")).rejects.toMatchObject({ code: "notFound" });
  });

  it("a delegate has somebody's own mailbox as far as their role goes, and its owner all of it", async () => {
    const own = await mailboxOf(test.db, "ann");
    await test.db
      .transaction()
      .execute((trx) => service.setMembers(trx, own, [{ userId: people.bob, role: "sender" }], by));
    for (const act of ["read", "edit", "send"] as const) await requireMailbox(test.db, actor("bob"), own, act);
    await expect(requireMailbox(test.db, actor("bob"), own, "manage")).rejects.toMatchObject({ code: "forbidden" });
    await requireMailbox(test.db, actor("ann"), own, "manage");
    expect(await accessToMailbox(test.db, actor("root"), own)).toBeUndefined();
  });

  it("[POL-4] the filter selects what the decision allows", async () => {
    const { rows } = await test.pool.query<{ id: string }>("select id from mailbox");
    for (const login of ["ann", "bob", "eve", "root"] as const) {
      const { engine, subject, context } = actor(login);
      for (const field of [undefined, "messages", "rules"] as const) {
        const predicate = engine.filter(subject, "read", "mailbox", context, field);
        const selected = await test.pool.query<{ id: string }>(
          `select id from mailbox where ${predicate.text} order by id`,
          [...predicate.params],
        );
        const decided = [];
        for (const { id } of rows) {
          const found = await accessToMailbox(test.db, actor(login), id);
          if (found && (field === undefined || found.access.field(field) === "visible")) decided.push(id);
        }
        expect([login, field, selected.rows.map(({ id }) => id)]).toEqual([login, field, decided.toSorted()]);
      }
    }
  });
});

describe("addresses of groups", () => {
  it("lead to all their members, and go with the group", async () => {
    const [ann, bob] = [await mailboxOf(test.db, "ann"), await mailboxOf(test.db, "bob")];
    const { id } = await service.createGroup({ name: "All", address, mailboxIds: [ann, bob] }, by);
    expect((await resolveAddresses(test.db, [address])).get(address)).toEqual({
      kind: "inside",
      mailboxIds: [ann, bob].toSorted(),
    });
    await service.changeGroup(id, { name: "Ann", address: `ann.${address}`, mailboxIds: [ann] }, by);
    expect((await resolveAddresses(test.db, [address, `ann.${address}`])).get(`ann.${address}`)).toMatchObject({
      mailboxIds: [ann],
    });
    await expect(
      service.createGroup({ name: "Thief", address: "bob@kontor.example", mailboxIds: [] }, by),
    ).rejects.toMatchObject({ details: { reason: "mailbox.addressTaken" } });
    await service.removeGroup(id, by);
    expect((await resolveAddresses(test.db, [`ann.${address}`])).get(`ann.${address}`)).toEqual({ kind: "unknown" });
    await expect(service.removeGroup(id, by)).rejects.toMatchObject({ code: "notFound" });
  });
});
