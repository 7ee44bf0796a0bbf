import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, systemClock } from "@kontor/shared/base";
import { isMailAddress } from "@kontor/shared/mail";
import { createPeopleService, createSessionService, peopleTables } from "#people";
import { createTestDatabase, type TestDatabase } from "#testing";
import { changesSince, logEnd } from "../mail.fixture.ts";
import { mailboxTables } from "./mailboxes.repo.ts";
import { createProvisioning, localPartOf } from "./provision.ts";

let test: TestDatabase;
const provisioning = createProvisioning({ domains: ["kontor.example", "branch.example"] });
const clock = systemClock;

beforeAll(async () => {
  test = await createTestDatabase();
  await test.db.transaction().execute((trx) => provisioning.ensureDomains(trx, "unused.example"));
});
afterAll(() => test.drop());

const service = () =>
  createPeopleService({
    db: test.db,
    doorbell: { ring: () => undefined },
    sessions: createSessionService({ db: test.db, clock }),
    clock,
    settle: (trx, userId) => provisioning.settle(trx, userId),
  });
const ofOwner = (ownerId: string) =>
  mailboxTables(test.db).selectFrom("mailbox").selectAll().where("owner_id", "=", ownerId).execute();
const addressesOf = async (ownerId: string) => {
  const rows = await mailboxTables(test.db)
    .selectFrom("mail_address as a")
    .innerJoin("mailbox as m", "m.id", "a.mailbox_id")
    .select(["a.address", "a.is_main"])
    .where("m.owner_id", "=", ownerId)
    .orderBy("a.is_main", "desc")
    .execute();
  return rows.map(({ address }) => address);
};

describe("everybody's mailbox", () => {
  it("is made with the person, with its folders, and is known to replicas at once", async () => {
    const from = await logEnd(test.db);
    const { id } = await service().create({ login: "anna", name: "Anna Kovacs" });
    expect(await ofOwner(id)).toMatchObject([
      { kind: "personal", name: "Anna Kovacs", address: "anna@kontor.example" },
    ]);
    const [mailbox] = await ofOwner(id);
    const changes = await changesSince(test.db, from);
    expect(changes).toContain(`mailboxes ${mailbox?.id}`);
    expect(changes.filter((each) => each.startsWith("mailFolders"))).toHaveLength(7);
  });

  it("has the address of one's own e-mail where its domain is ours, and the sign-in name beside it", async () => {
    const ours = await service().create({ login: "ben", name: "Ben", email: "Benedict.Smith@branch.example" });
    expect(await addressesOf(ours.id)).toEqual(["benedict.smith@branch.example", "ben@kontor.example"]);
    const theirs = await service().create({ login: "cay", name: "Cay", email: "cay@gmail.example" });
    expect(await addressesOf(theirs.id)).toEqual(["cay@kontor.example"]);
  });

  it("of whoever comes second gets a number", async () => {
    const made = [];
    for (const login of ["d.avid", "d avid", "d:avid"]) made.push(await service().create({ login, name: login }));
    expect(await Promise.all(made.map(({ id }) => addressesOf(id)))).toEqual([
      ["d.avid@kontor.example"],
      ["d.avid.2@kontor.example"],
      ["d.avid.3@kontor.example"],
    ]);
  });

  it("follows the person's name", async () => {
    const people = service();
    const { id } = await people.create({ login: "eva", name: "Eva Old" });
    await people.change(id, { name: "Eva New" });
    expect(await ofOwner(id)).toMatchObject([{ name: "Eva New" }]);
  });

  it("is made up for who came by another way, once, and also when two nodes start together", async () => {
    const ids = Array.from({ length: 30 }, () => newId());
    await peopleTables(test.db)
      .insertInto("app_user")
      .values(
        ids.map((id, n) => ({
          id,
          login: `imported.${n % 10} ${n}`,
          name: `Imported ${n}`,
          email: null,
          phone: null,
          password_hash: null,
          department_id: null,
          position_id: null,
          manager_id: null,
        })),
      )
      .execute();
    const ensure = () => test.db.transaction().execute((trx) => provisioning.ensureMailboxes(trx));
    await Promise.all([ensure(), ensure(), ensure()]);
    for (const id of ids) expect(await ofOwner(id)).toHaveLength(1);
    const from = await logEnd(test.db);
    await ensure();
    expect(await changesSince(test.db, from)).toEqual([]);
  });

  it("is not made for somebody who is off, and is when they are on again", async () => {
    const people = service();
    const id = newId();
    await peopleTables(test.db)
      .insertInto("app_user")
      .values({
        id,
        login: "fay",
        name: "Fay",
        state: "disabled",
        email: null,
        phone: null,
        password_hash: null,
        department_id: null,
        position_id: null,
        manager_id: null,
      })
      .execute();
    await test.db.transaction().execute((trx) => provisioning.ensureMailboxes(trx));
    expect(await ofOwner(id)).toEqual([]);
    await people.change(id, { state: "active" });
    expect(await ofOwner(id)).toHaveLength(1);
  });

  it("has an address that is one, whatever the sign-in name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 }), (login) => {
        expect(isMailAddress(`${localPartOf(login)}@kontor.example`)).toBe(true);
      }),
    );
    expect(localPartOf("Анна Ковач")).toBe("анна.ковач");
    expect(localPartOf("anna@old.example")).toBe("anna");
  });
});

describe("own domains", () => {
  it("are those of the configuration; an installation without any gets the fallback, once", async () => {
    const other = await createTestDatabase();
    const names = async () =>
      (await mailboxTables(other.db).selectFrom("mail_domain").select("name").orderBy("name").execute()).map(
        ({ name }) => name,
      );
    const ensure = (domains: readonly string[], fallback: string) =>
      other.db.transaction().execute((trx) => createProvisioning({ domains }).ensureDomains(trx, fallback));
    await ensure([], "first.example");
    await ensure([], "second.example");
    expect(await names()).toEqual(["first.example"]);
    await ensure(["third.example"], "second.example");
    expect(await names()).toEqual(["first.example", "third.example"]);
    await other.drop();
  });
});
