import { afterAll, expect, it } from "vitest";
import { systemClock } from "@kontor/shared/base";
import { silentLog } from "#testing";
import { createProfiles, type Seat } from "../../src/sync/profile.ts";
import { createProjector } from "../../src/sync/projection.ts";
import { policies, startGuardedOffice } from "./enforcement/guardedOffice.ts";

const office = await startGuardedOffice();
const { everything, nothing } = office.clients;
afterAll(() => office.stop(), 60_000);

/** What the user's replica holds of records, brought up to date as the gateway does it. */
async function heldBy(seat: Seat): Promise<ReadonlySet<string>> {
  const { access, collections, db } = office.kontor.inventory;
  const profiles = createProfiles({
    db,
    projector: createProjector(collections),
    access: access.engine,
    loadSubject: access.loadSubject,
    schemaRev: "",
    clock: systemClock,
    log: silentLog,
  });
  if ((await profiles.advance(seat))?.lossesDue) await profiles.takeAway(seat);
  let state = await profiles.advance(seat);
  // oxlint-disable-next-line no-array-fill-with-reference-type -- no array
  while (state?.pending) state = await profiles.fill(seat);
  const { rows } = await office.test.pool.query<{ id: string }>(
    `select row_id as id from view_row join view_profile on view_profile.id = profile_id
     where user_id = $1 and collection in ('records', 'history') and not lost`,
    [seat.userId],
  );
  return new Set(rows.map(({ id }) => id));
}

it("[POL-11] a change of the counterparty takes its contract from whoever sees it by that, and gives it back", async () => {
  await office.publish([
    ...policies,
    {
      id: "contracts-with-companies",
      title: "Contracts with companies",
      effect: "allow",
      resource: "contract",
      actions: ["read"],
      sections: ["main"],
      when: { eq: ["obj.counterparty.kind", "company"] },
    },
  ]);
  const create = async (type: string, fields: object) =>
    (await everything.json<{ id: string }>("POST", "/api/records", { type, fields })).id;
  const partner = await create("counterparty", { name: "Partner", kind: "company" });
  const contract = await create("contract", { subject: "Seen by its partner's kind", counterparty: partner });
  const other = await create("contract", { subject: "With nobody" });
  const seat: Seat = { userId: office.userIds.nothing, context: { channel: "desktop" } };
  const holds = async (id: string) => (await heldBy(seat)).has(id);
  const setKind = async (kind: string) => {
    const { revs } = await everything.json<{ revs: { kind: number } }>("GET", `/api/records/${partner}`);
    await everything.json("PATCH", `/api/records/${partner}`, { set: { kind }, base: { kind: revs.kind } });
  };

  // Strangers' transactions in the same cluster may hold the horizon back for a moment.
  await expect.poll(() => holds(contract), { timeout: 20_000 }).toBe(true);
  expect(await holds(other)).toBe(false);
  expect((await nothing.fetch(`/api/records/${contract}`)).status).toBe(200);

  await setKind("authority");
  expect((await nothing.fetch(`/api/records/${contract}`)).status).toBe(404);
  await expect.poll(() => holds(contract), { timeout: 20_000 }).toBe(false);
  expect((await heldBy(seat)).size).toBe(0);

  await setKind("company");
  await expect.poll(() => holds(contract), { timeout: 20_000 }).toBe(true);
});
