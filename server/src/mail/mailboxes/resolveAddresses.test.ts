import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { mailboxOf, makeMailbox, people, seedMail } from "../mail.fixture.ts";
import { mailboxTables } from "./mailboxes.repo.ts";
import { resolveAddresses } from "./resolveAddresses.ts";

let test: TestDatabase;
let ann: string;
let bob: string;
let desk: string;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
  [ann, bob] = [await mailboxOf(test.db, "ann"), await mailboxOf(test.db, "bob")];
  desk = await makeMailbox(test.db, {
    kind: "shared",
    address: "desk@kontor.example",
    aliases: ["stra\u00dfe@b\u00fccher.example"],
  });
  const { db } = test;
  await mailboxTables(db).insertInto("mail_domain").values({ name: "xn--bcher-kva.example" }).execute();
  await group("by-name", [ann, bob], null);
  const userGroup = newId();
  await test.pool.query("insert into user_group (id, key, name_en, name_ru) values ($1, 'crew', 'Crew', 'Crew')", [
    userGroup,
  ]);
  await test.pool.query("insert into group_member select $1, unnest($2::uuid[])", [
    userGroup,
    [people.bob, people.eve],
  ]);
  await group("by-people", [desk], userGroup);
  await group("empty", [], null);
});
afterAll(() => test.drop());

async function group(name: string, mailboxIds: readonly string[], userGroupId: string | null): Promise<void> {
  const [id, address] = [newId(), `${name}@kontor.example`];
  const tables = mailboxTables(test.db);
  await tables.insertInto("mail_group").values({ id, name, address, user_group_id: userGroupId }).execute();
  await tables.insertInto("mail_address").values({ address, mailbox_id: null, group_id: id }).execute();
  const members = mailboxIds.map((mailbox_id) => ({ group_id: id, mailbox_id }));
  if (members.length > 0) await tables.insertInto("mail_group_member").values(members).execute();
}
const resolve = async (...addresses: readonly string[]) => [...(await resolveAddresses(test.db, addresses)).values()];
const inside = (...mailboxIds: readonly string[]) => ({ kind: "inside", mailboxIds: mailboxIds.toSorted() });

it("finds people, aliases and the members of groups, in any case and with what stands behind a plus", async () => {
  const eve = await mailboxOf(test.db, "eve");
  expect(await resolve("Ann@KONTOR.example", "ann+news@kontor.example", "by-name@kontor.example")).toEqual([
    inside(ann),
    inside(ann),
    inside(ann, bob),
  ]);
  expect(await resolve("by-people@kontor.example", "empty@kontor.example")).toEqual([inside(bob, desk, eve), inside()]);
});

it("knows a domain beyond ASCII in either form", async () => {
  const [shown, sent] = ["stra\u00dfe@b\u00fccher.example", "stra\u00dfe@xn--bcher-kva.example"];
  expect(await resolve(shown, sent)).toEqual([inside(desk), inside(desk)]);
  expect(await resolve("nobody@b\u00fccher.example", "nobody@xn--bcher-kva.example")).toEqual([
    { kind: "unknown" },
    { kind: "unknown" },
  ]);
});

it("tells strangers from those of this house whom nobody is, or is any longer", async () => {
  expect(await resolve("x@far.example", "nobody@kontor.example")).toEqual([{ kind: "outside" }, { kind: "unknown" }]);
  await test.pool.query("update mailbox set disabled_at = now() where id = $1", [bob]);
  expect(await resolve("bob@kontor.example", "by-name@kontor.example")).toEqual([{ kind: "unknown" }, inside(ann)]);
  await test.pool.query("update mailbox set disabled_at = null where id = $1", [bob]);
  expect(await resolve()).toEqual([]);
});
