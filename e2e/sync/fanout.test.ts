import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  createManualClock,
  openListener,
  startNoteServer,
  type Listener,
  type NoteServer,
} from "@kontor/server/testing/sync";
import { byId, expectedFor } from "./oracle.ts";
import { seeded } from "./seeded.ts";

/**
 * VIS-1 at rest, after changes that overlap: many at once, some while somebody's transaction holds the horizon back, on two
 * nodes that both write the profiles of people with a device on each, with policies, transfers and grants in between.
 */
let server: NoteServer;
let secondUrl = "";
const clock = createManualClock("2026-03-02T10:00:00.000Z");
const listeners: { listener: Listener; readonly url: () => string }[] = [];
beforeAll(async () => {
  server = await startNoteServer({ clock, alarm: clock.alarm });
  secondUrl = (await server.startNode()).url;
});
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(({ listener }) => listener.close()));
});
afterAll(() => server.stop());

const DEPARTMENTS = ["sales", "law", "hr"];
const PEOPLE = 12;
const ROUNDS = Number(process.env["KONTOR_STEPS"] ?? 25);
const AT_ONCE = 6;

/** How each device was welcomed at the end. */
async function walk(seed: number): Promise<readonly unknown[]> {
  const random = seeded(seed);
  const users = await Promise.all(Array.from({ length: PEOPLE }, () => server.addUser({ department: "sales" })));
  const open = async (userId: string, url: () => string) =>
    listeners.push({ listener: await openListener({ url: url(), userId }), url });
  await Promise.all(users.map((userId) => open(userId, () => server.url)));
  await Promise.all(users.slice(0, PEOPLE / 2).map((userId) => open(userId, () => secondUrl)));
  const notes: string[] = [];
  let ownersOnly = false;
  let letGo: (() => Promise<void>) | undefined;

  async function step(name: string): Promise<void> {
    const [user, department] = [random.pick(users) ?? "", random.pick(DEPARTMENTS) ?? ""];
    const note = random.pick(notes);
    const kind = random.below(12);
    if (kind < 3) notes.push(await server.addNote({ owner: user, department, text: name, secret: name }));
    else if (kind === 3) await server.setDepartment(user, department);
    else if (kind === 4)
      await server.grant(user, { department, until: new Date(clock.now() + 3_600_000).toISOString() });
    else if (!note) return;
    else if (kind === 5 && notes.length > 5) await server.removeNote(notes.splice(notes.indexOf(note), 1)[0] ?? "");
    else if (kind === 6) await server.addComment(note, name);
    else if (kind === 7) await server.editNote(note, { owner: user });
    else if (kind === 8) await server.editNote(note, { secret: name });
    else if (kind === 9) {
      // There and back: whoever looks in between must not keep what it saw.
      await server.editNote(note, { department: "nowhere" });
      await server.editNote(note, { department });
    } else await server.editNote(note, { department, text: name });
  }

  for (let round = 0; round < ROUNDS; round++) {
    const [chance, reader] = [random.below(10), random.pick(listeners)];
    if (chance < 3) letGo ??= await holdHorizon();
    else if (chance < 6) {
      await letGo?.();
      letGo = undefined;
    } else if (chance === 6) clock.moveTo(clock.now() + 1_800_000);
    else if (chance === 7) {
      ownersOnly = !ownersOnly;
      await server.publish(ownersOnly ? "ownersOnly" : "department");
    } else if (chance === 8 && reader) await reopen(reader);
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => step(`${round}.${index}`)));
  }
  await letGo?.();

  for (const [index, { listener }] of listeners.entries()) {
    const expected = await expectedFor(server, listener.userId, { now: clock.now(), ownersOnly });
    const message = `seed ${seed}, listener ${index}`;
    expect({ message, hungUp: listener.hungUp }).toEqual({ message, hungUp: undefined });
    for (const name of ["notes", "comments"] as const)
      await expect.poll(() => byId(listener.rows(name)), { message, timeout: 30_000 }).toEqual(byId(expected[name]));
  }
  // What each profile remembers is what its devices hold: count and hash are compared, and nothing is sent again.
  for (const each of listeners) await reopen(each);
  if (ownersOnly) await server.publish("department");
  return listeners.map(({ listener: { welcome } }) => ({ mode: welcome.mode, compared: welcome.compared }));
}

/** With a transaction that stays open until it is let go. */
async function holdHorizon(): Promise<() => Promise<void>> {
  const client = await server.database.pool.connect();
  await client.query("begin");
  await client.query("select pg_current_xact_id()");
  return async () => {
    await client.query("commit");
    client.release();
  };
}

async function reopen(each: (typeof listeners)[number]): Promise<void> {
  const { listener } = each;
  await listener.close();
  each.listener = await openListener({ url: each.url(), userId: listener.userId, from: listener });
}

describe("[VIS-1] at rest every device on every node holds what its user may see", () => {
  const first = Number(process.env["KONTOR_SEED"] ?? 1);
  const count = Number(process.env["KONTOR_SEEDS"] ?? 3);
  for (let seed = first; seed < first + count; seed++)
    it(`seed ${seed}`, async () => {
      const welcomes = await walk(seed);
      expect(welcomes).toEqual(welcomes.map(() => ({ mode: "resume", compared: true })));
    }, 120_000);
});
