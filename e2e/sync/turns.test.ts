import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createManualClock, startNoteServer, type ManualClock, type NoteServer } from "@kontor/server/testing/sync";
import { openDesk, type Desk } from "./notesReplica.ts";

/** POL-6, POL-11 and places: who sees what changes without anybody changing a row of what they see. */
let server: NoteServer;
let clock: ManualClock;
const desks: Desk[] = [];
beforeAll(async () => {
  clock = createManualClock("2026-03-02T10:00:00.000Z"); // a Monday
  server = await startNoteServer({ clock, alarm: clock.alarm });
});
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
  await server.publish("department");
  server.comeFrom("10.0.0.1");
});
afterAll(() => server.stop());

const seat = (userId: string) => {
  const desk = openDesk({ url: server.url, userId });
  desks.push(desk);
  return desk;
};
const allow = (when: object, id = "tested") => ({
  id,
  title: id,
  effect: "allow",
  resource: "note",
  actions: ["read"],
  sections: ["main"],
  when,
});
const isOfDepartment = { eq: ["obj.department", "sub.department"] };
const AS_EXPECTED = { missing: [], extra: [] };

async function shows(desk: Desk, ids: readonly string[], what: string) {
  const difference = () => ({
    missing: ids.filter((id) => !desk.shown().has(id)),
    extra: [...desk.shown().keys()].filter((id) => !ids.includes(id)),
  });
  await desk.until(() => Object.values(difference()).every((each) => each.length === 0), what);
  return difference();
}

describe("[POL-6] time alone", () => {
  const office = {
    within: ["ctx.time", { from: "09:00", to: "18:00", days: ["mon", "tue", "wed", "thu", "fri"], zone: "UTC" }],
  };

  it("closes at 18:00 and opens at 09:00, online", async () => {
    clock.moveTo("2026-03-03T10:00:00.000Z");
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "in working hours" });
    const comment = await server.addComment(note, "seen with it");
    await server.publish([allow({ and: [isOfDepartment, office] })]);
    const desk = seat(ann);
    expect(await shows(desk, [note], "the note")).toEqual(AS_EXPECTED);
    await desk.until(() => desk.shown("comments").has(comment), "its comment");

    clock.moveTo("2026-03-03T18:00:00.000Z");
    expect(await shows(desk, [], "nothing after hours")).toEqual(AS_EXPECTED);
    expect(desk.shown("comments").size).toBe(0);
    clock.moveTo("2026-03-04T09:00:00.000Z");
    expect(await shows(desk, [note], "the note in the morning")).toEqual(AS_EXPECTED);
  });

  it("is made up for at the next contact by whoever was away", async () => {
    clock.moveTo("2026-03-05T10:00:00.000Z");
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "in working hours" });
    await server.publish([allow({ and: [isOfDepartment, office] })]);
    const desk = seat(ann);
    expect(await shows(desk, [note], "the note")).toEqual(AS_EXPECTED);
    await desk.replica.close();
    clock.moveTo("2026-03-05T20:00:00.000Z");
    await desk.reopen();
    expect(await shows(desk, [], "nothing in the evening")).toEqual(AS_EXPECTED);
  });

  it("opens a row that was not seen, and closes one that was, each at its own moment", async () => {
    clock.moveTo("2026-03-06T10:00:00.000Z");
    const department = newId();
    const ann = await server.addUser({ department });
    const old = await server.addNote({ department, text: "old", created_at: "2026-03-01T12:00:00.000Z" });
    const young = await server.addNote({ department, text: "young", created_at: "2026-03-06T09:00:00.000Z" });
    await server.publish([allow({ and: [isOfDepartment, { before: ["obj.createdAt", { days: -7 }] }] })]);
    const desk = seat(ann);
    await desk.until(({ state }) => state().connection === "online", "online");
    expect(await shows(desk, [], "nothing is a week old")).toEqual(AS_EXPECTED);
    clock.moveTo("2026-03-08T12:00:00.001Z");
    expect(await shows(desk, [old], "the old one after its week")).toEqual(AS_EXPECTED);
    clock.moveTo("2026-03-13T09:00:00.001Z");
    expect(await shows(desk, [old, young], "the young one after its week")).toEqual(AS_EXPECTED);

    await server.publish([allow({ and: [isOfDepartment, { after: ["obj.createdAt", { days: -14 }] }] })]);
    expect(await shows(desk, [old, young], "both are younger than two weeks")).toEqual(AS_EXPECTED);
    clock.moveTo("2026-03-15T12:00:00.001Z");
    expect(await shows(desk, [young], "the old one has aged")).toEqual(AS_EXPECTED);
  });

  it("ends a grant, online and while away", async () => {
    clock.moveTo("2026-03-20T10:00:00.000Z");
    const [own, other] = [newId(), newId()];
    const ann = await server.addUser({ department: own });
    const mine = await server.addNote({ department: own, text: "mine" });
    const lent = await server.addNote({ department: other, text: "lent" });
    const desk = seat(ann);
    expect(await shows(desk, [mine], "the own note")).toEqual(AS_EXPECTED);
    await server.grant(ann, { department: other, until: "2026-03-20T12:00:00.000Z" });
    expect(await shows(desk, [mine, lent], "the lent note")).toEqual(AS_EXPECTED);
    clock.moveTo("2026-03-20T12:00:00.000Z");
    expect(await shows(desk, [mine], "the end of the grant")).toEqual(AS_EXPECTED);

    await server.grant(ann, { department: other, until: "2026-03-20T14:00:00.000Z" });
    expect(await shows(desk, [mine, lent], "lent again")).toEqual(AS_EXPECTED);
    await desk.replica.close();
    clock.moveTo("2026-03-20T15:00:00.000Z");
    await desk.reopen();
    expect(await shows(desk, [mine], "the end, found at the next contact")).toEqual(AS_EXPECTED);
  });
});

describe("[POL-11] a row one relation away", () => {
  it("decides those that point to it, when it changes", async () => {
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "about a partner" });
    const partner = newId();
    await server.setPartner(note, partner);
    await server.publish([allow({ eq: ["obj.partner.country", "CH"] })]);
    const desk = seat(ann);
    await desk.until(({ state }) => state().connection === "online", "online");
    expect(await shows(desk, [], "nothing yet")).toEqual(AS_EXPECTED);
    await server.setCountry(partner, "CH");
    expect(await shows(desk, [note], "the note of a Swiss partner")).toEqual(AS_EXPECTED);
    await server.setCountry(partner, "DE");
    expect(await shows(desk, [], "not Swiss any more")).toEqual(AS_EXPECTED);
  });
});

describe("the place of a connection", () => {
  const inOffice = { cidr: ["ctx.ip", "10.0.0.0/8"] };

  it("[VIS-4] a device that comes from elsewhere is switched: what only the office shows goes, the rest stays", async () => {
    const [department, other] = [newId(), newId()];
    const ann = await server.addUser({ department });
    const own = await server.addNote({ owner: ann, department, text: "own" });
    const inner = await server.addNote({ department: other, text: "inner" });
    const away = await server.addNote({ department, text: "away only" });
    await server.publish([
      allow({ eq: ["obj.owner", "sub.id"] }, "own"),
      allow({ and: [{ eq: ["obj.department", { text: other }] }, inOffice] }, "inner"),
      allow({ and: [isOfDepartment, { not: inOffice }] }, "away"),
    ]);
    const desk = seat(ann);
    expect(await shows(desk, [own, inner], "what the office shows")).toEqual(AS_EXPECTED);
    const sent = () => server.metrics.getSingleMetric("kontor_sync_operations_total")?.get();
    const putsOf = async () => (await sent())?.values.find(({ labels }) => labels["op"] === "put")?.value ?? 0;
    const before = await putsOf();

    await desk.replica.close();
    server.comeFrom("192.0.2.7");
    await desk.reopen();
    expect(await shows(desk, [own, away], "what is seen from away")).toEqual(AS_EXPECTED);
    expect(await putsOf()).toBe(before + 1); // the own note was not sent again
    await desk.replica.close();
    server.comeFrom("10.3.2.1");
    await desk.reopen();
    expect(await shows(desk, [own, inner], "back in the office")).toEqual(AS_EXPECTED);
  });

  it("a set of policies that makes places matter, and one that does not, switch who is connected", async () => {
    server.comeFrom("192.0.2.7");
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "of the department" });
    const desk = seat(ann);
    expect(await shows(desk, [note], "by department")).toEqual(AS_EXPECTED);
    await server.publish([allow({ and: [isOfDepartment, inOffice] })]);
    expect(await shows(desk, [], "not from here")).toEqual(AS_EXPECTED);
    await server.publish([allow({ and: [isOfDepartment, { not: inOffice }] })]);
    expect(await shows(desk, [note], "from here")).toEqual(AS_EXPECTED);
    await server.publish("department");
    expect(await shows(desk, [note], "from anywhere")).toEqual(AS_EXPECTED);
    const late = await server.addNote({ department, text: "and it goes on" });
    expect(await shows(desk, [note, late], "the feed goes on")).toEqual(AS_EXPECTED);
  });

  it("a device that an administrator trusts sees more, and less when it is not any more", async () => {
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "for trusted devices" });
    await server.publish([allow({ and: [isOfDepartment, { eq: ["ctx.deviceTrusted", true] }] })]);
    server.setPrincipal(ann, { deviceId: newId(), deviceTrusted: true });
    const desk = seat(ann);
    expect(await shows(desk, [note], "trusted")).toEqual(AS_EXPECTED);
    server.setPrincipal(ann, { deviceId: newId(), deviceTrusted: false });
    await desk.reopen();
    expect(await shows(desk, [], "not trusted")).toEqual(AS_EXPECTED);
  });
});

describe("nodes and epochs", () => {
  it("[VIS-4] a policy published on one node purges who is connected to another", async () => {
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "shared" });
    const node = await server.startNode();
    const desk = openDesk({ url: node.url, userId: ann });
    desks.push(desk);
    expect(await shows(desk, [note], "the note")).toEqual(AS_EXPECTED);
    await server.publish("ownersOnly");
    expect(await shows(desk, [], "purged by the other node")).toEqual(AS_EXPECTED);
  });

  it("[SYN-12] after a restore nothing that may stay is lost, what may not goes first, and unsent changes are kept", async () => {
    const department = newId();
    const ann = await server.addUser({ department });
    const kept = await server.addNote({ department, text: "kept" });
    const gone = await server.addNote({ department, text: "gone" });
    const desk = seat(ann);
    expect(await shows(desk, [kept, gone], "both")).toEqual(AS_EXPECTED);
    await desk.replica.close();
    await server.database.pool.query("update note set department = $1 where id = $2", [newId(), gone]);
    await server.database.pool.query("truncate view_profile cascade");
    await server.restart({ epoch: "restored" });
    const fresh = await server.addNote({ department, text: "fresh" });
    await desk.reopen();
    const seen: string[][] = [];
    desk.replica.on("purged", () => seen.push([...desk.shown().keys()]));
    const made = desk.create({ text: "not sent yet", department });
    expect(await shows(desk, [kept, fresh, made], "the restored state with the unsent change")).toEqual(AS_EXPECTED);
    expect(seen).toEqual([expect.not.arrayContaining([fresh])]); // the purge came before anything new
    expect(seen[0]).toContain(kept);
    await desk.until(({ state }) => state().pending === 0, "its answer");
  });
});
