import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createManualClock, startNoteServer, type ManualClock, type NoteServer } from "@kontor/server/testing/sync";
import { openDesk, type Desk, type DeskOptions } from "./notesReplica.ts";

/**
 * VIS-4 and VIS-6: what is lost leaves the device, byte for byte, however it was lost and whether the device was there.
 * The files are not encrypted here: in an encrypted one nothing would ever be found. That the search finds what is there
 * is proved before every loss.
 */
let server: NoteServer;
let clock: ManualClock;
const desks: Desk[] = [];
beforeAll(async () => {
  clock = createManualClock("2026-03-02T10:00:00.000Z");
  server = await startNoteServer({ clock, alarm: clock.alarm });
});
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
  await server.publish("department");
});
afterAll(() => server.stop());

const seat = (userId: string, options: Partial<DeskOptions> = {}) => {
  const desk = openDesk({ url: server.url, userId, cipher: "none", ...options });
  desks.push(desk);
  return desk;
};

/** Every file below the replica's folder that has these bytes: databases, logs, what was set aside, anything. */
function filesWith(directory: string, text: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => {
    const path = join(directory, name);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}

interface Scene {
  readonly ann: string;
  readonly department: string;
  readonly note: string;
}

const HOUR = 3_600_000;
/** Rows that fill some dozen pages. */
const GROWING = 300;

interface Loss {
  readonly how: string;
  /** Where the canary sits: in what the whole note loses, or in the section that only its owner sees. */
  readonly section?: true;
  readonly lend?: true;
  lose(scene: Scene): Promise<void>;
}

const losses: readonly Loss[] = [
  { how: "a section", section: true, lose: ({ note }) => server.editNote(note, { owner: newId() }) },
  { how: "a record that was removed", lose: ({ note }) => server.removeNote(note) },
  { how: "a record that changed", lose: ({ note }) => server.editNote(note, { department: "elsewhere" }) },
  { how: "a transfer to another department", lose: ({ ann }) => server.setDepartment(ann, "elsewhere") },
  { how: "a policy", lose: () => server.publish("ownersOnly") },
  { how: "the end of a grant", lend: true, lose: async () => clock.moveTo(clock.now() + 2 * HOUR) },
];

describe("[VIS-4] nothing is left of what was lost by", () => {
  const cases = losses.flatMap((loss) => [
    { ...loss, when: "online" as const },
    { ...loss, when: "while away" as const },
  ]);

  it.each(cases)("$how, $when", async ({ section, lend, lose, when }) => {
    const canary = `canary${newId().replaceAll("-", "")}`;
    const department = `d-${newId()}`;
    const ann = await server.addUser({ department: lend ? "own" : department });
    const own = await server.addNote({ owner: ann, department: "nowhere", text: "own" });
    const owner = section ? ann : newId();
    const body = section ? { text: "open", secret: canary } : { text: `sings ${canary}` };
    const note = await server.addNote({ owner, department, ...body });
    const comment = await server.addComment(note, section ? "open" : `about ${canary}`);
    const until = new Date(clock.now() + HOUR).toISOString();
    if (lend) await server.grant(ann, { department, until });
    const desk = seat(ann);
    await desk.until(() => desk.shown().has(note) && desk.shown("comments").has(comment), "the note");
    desk.replica.outbox.setDraft(`note/${note}`, section ? "draft" : canary);
    // What was set aside when a file was damaged holds the same rows.
    writeFileSync(join(desk.directory, "replica.db.damaged-2026"), section ? "" : canary);
    await desk.replica.rows.collection("notes")?.searchSettled();
    expect(filesWith(desk.directory, canary)).not.toEqual([]);

    if (when === "while away") await desk.replica.close();
    await lose({ ann, department, note });
    if (when === "while away") await desk.reopen();
    const isThere = () =>
      section ? JSON.stringify([...desk.shown().values()]).includes(canary) : desk.shown().has(note);
    await desk.until(({ state }) => !isThere() && state().connection === "online", "the loss");
    expect(desk.shown().has(own)).toBe(true);
    expect(desk.replica.rows.collection("notes")?.search(canary).documents).toHaveLength(0);
    // While the files are open: closing would tidy up what a purge had left in the log.
    await expect.poll(() => filesWith(desk.directory, canary)).toEqual([]);
  });

  it("sections of rows that grew before, so that pages of the file were split", async () => {
    const department = `d-${newId()}`;
    const ann = await server.addUser({ department });
    const canary = `canary${newId().replaceAll("-", "")}`;
    const notes: string[] = [];
    for (let at = 0; at < GROWING; at++) notes.push(await server.addNote({ owner: ann, department, text: `n${at}` }));
    const desk = seat(ann);
    await desk.until(() => desk.shown().size === GROWING, "the notes");
    const victims = notes.filter((_id, at) => at % 7 === 3);
    const withCanary = () =>
      [...desk.shown().values()].filter((note) => String(note["secret"]).includes(canary)).length;
    // While it is away, so that they come in one batch, as after a night.
    await desk.replica.close();
    for (const id of victims) await server.editNote(id, { secret: `${canary} `.repeat(3) });
    await desk.reopen();
    await desk.until(() => withCanary() === victims.length, "the grown notes");
    expect(filesWith(desk.directory, canary)).not.toEqual([]);
    // Not a purge: the rows stay, through another rule, without the section.
    for (const id of victims) await server.editNote(id, { owner: newId() });
    await desk.until(() => withCanary() === 0, "the narrowed notes");
    expect(desk.shown().size).toBe(GROWING);
    // That the file is to be written anew stands in it, so that a stop in between forgets it not.
    await expect.poll(() => filesWith(desk.directory, "rebuildDue"), { interval: 20 }).not.toEqual([]);
    // Whether a split leaves a copy depends on where the rows stand: purge.test.ts has a layout where it does.
    await expect.poll(() => filesWith(desk.directory, canary), { timeout: 8_000 }).toEqual([]);
  }, 30_000);

  it("titles of what waits to be sent; the user's own words stay", async () => {
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "there" });
    const desk = seat(ann);
    await desk.until(() => desk.shown().has(note), "the note");
    const canary = `canary${newId().replaceAll("-", "")}`;
    desk.replica.enqueue({ name: "note.edit", collection: "notes", id: note, args: { text: "later" }, title: canary });
    expect(filesWith(desk.directory, canary)).not.toEqual([]);
    await server.setDepartment(ann, "elsewhere");
    await desk.until(() => desk.replica.rows.hasServerRow("notes", note) === false, "the purge");
    await expect.poll(() => filesWith(desk.directory, canary)).toEqual([]);
  });
});

describe("[VIS-6]", () => {
  it("a lease that ends locks the replica; at the next contact what was lost goes before it opens", async () => {
    const department = newId();
    const ann = await server.addUser({ department });
    const lost = await server.addNote({ department, text: "lost meanwhile" });
    const own = await server.addNote({ owner: ann, text: "own" });
    const desk = seat(ann, { clock });
    await desk.until(() => desk.shown().has(lost) && desk.shown().has(own), "both notes");
    await desk.reopen({ url: "http://127.0.0.1:9" });
    expect(desk.replica.isLocked).toBe(false);
    clock.moveTo(clock.now() + 25 * HOUR);
    expect(desk.replica.isLocked).toBe(true);
    expect(desk.replica.state().connection).toBe("locked");
    await server.setDepartment(ann, "elsewhere");

    await desk.reopen({ url: server.url });
    expect(desk.replica.isLocked).toBe(true);
    const opened: boolean[] = [];
    desk.replica.on("state", () => opened.push(desk.replica.isLocked || !desk.shown().has(lost)));
    await desk.until(({ isLocked }) => !isLocked, "open again");
    expect(desk.shown().has(lost)).toBe(false);
    expect(desk.shown().has(own)).toBe(true);
    expect(opened).not.toContain(false);
  });

  it("signing in again opens nothing before what was lost has gone", async () => {
    const ann = await server.addUser({ department: newId() });
    const note = await server.addNote({ owner: ann, text: "own" });
    const desk = seat(ann, { clock });
    await desk.until(() => desk.shown().has(note), "the note");
    await desk.reopen({ url: "http://127.0.0.1:9" });
    clock.moveTo(clock.now() + 25 * HOUR);
    expect(desk.replica.isLocked).toBe(true);
    desk.replica.useToken(ann, 24 * HOUR);
    expect(desk.replica.isLocked).toBe(true);

    await desk.reopen({ url: server.url });
    await desk.until(({ isLocked }) => !isLocked, "open again");
  });

  it.each(["online", "while away"])("a device that was lost removes everything, %s", async (when) => {
    const department = newId();
    const ann = await server.addUser({ department });
    const note = await server.addNote({ department, text: "on a lost laptop" });
    const deviceId = newId();
    server.setPrincipal(ann, { deviceId });
    const desk = seat(ann, { deviceId });
    await desk.until(() => desk.shown().has(note), "the note");
    desk.create({ text: "not sent, and lost with it" });
    mkdirSync(join(desk.directory, "files"), { recursive: true });
    writeFileSync(join(desk.directory, "files", "body"), "sealed");
    const isAway = when === "while away";
    if (isAway) await desk.replica.close();
    const revoke = () => server.revokeDevice(ann, deviceId);
    if (isAway) revoke();
    if (isAway) await desk.reopen();
    const states: unknown[] = [];
    desk.replica.on("state", (state) => states.push(state));
    if (!isAway) revoke();
    await expect.poll(() => existsSync(desk.directory), { timeout: 10_000 }).toBe(false);
    expect(states.at(-1)).toMatchObject({ connection: "locked", problem: { reason: "link.deviceRevoked" } });
  });

  it("what a device says about itself does not remove it while its sign-in is good", async () => {
    const department = newId();
    const [ann, bob] = [await server.addUser({ department }), await server.addUser({ department })];
    const deviceId = newId();
    server.setPrincipal(bob, { deviceId });
    server.revokeDevice(bob, deviceId);
    const desk = seat(ann, { deviceId });
    await desk.until(({ state }) => state().connection === "online", "online");
    expect(existsSync(desk.directory)).toBe(true);
  });
});
