import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "@kontor/shared/base";
import { openListener, type Listener } from "./listener.ts";
import { createManualClock, startNoteServer, type ManualClock, type NoteServer } from "./noteServer.ts";

/** Whom a change concerns is found for all connected profiles at once. */
let server: NoteServer;
let clock: ManualClock;
const listeners: Listener[] = [];
beforeEach(async () => {
  clock = createManualClock("2026-03-02T10:00:00.000Z");
  server = await startNoteServer({ clock, alarm: clock.alarm });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
  await server.stop();
});

async function listen(userId: string, options: { url?: string; from?: Listener } = {}): Promise<Listener> {
  const listener = await openListener({ url: server.url, userId, ...options });
  listeners.push(listener);
  return listener;
}
const listenMany = (count: number, department: (index: number) => string) =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => listen(await server.addUser({ department: department(index) }))),
  );
const textOf = (listener: Listener | undefined, id: string) => listener?.rows("notes").get(id)?.["text"];
const arrives = (listener: Listener | undefined, id: string, text: string) =>
  expect.poll(() => textOf(listener, id), { timeout: 10_000, interval: 5 }).toBe(text);

/** Statements of all connections, from the change until nothing follows any more. */
async function statementsOf(change: () => Promise<void>): Promise<number> {
  const query = vi.spyOn(pg.Client.prototype, "query");
  await change();
  let before = -1;
  await expect
    .poll(
      () => {
        const isQuiet = before === query.mock.calls.length;
        before = query.mock.calls.length;
        return isQuiet;
      },
      { timeout: 10_000, interval: 100 },
    )
    .toBe(true);
  const count = query.mock.calls.length;
  query.mockRestore();
  return count;
}

describe("a change", () => {
  it("that concerns one of a hundred profiles costs no more statements than with ten", async () => {
    const [first] = await listenMany(10, newId);
    const note = await server.addNote({ owner: first?.userId ?? "", department: newId(), text: "first" });
    await arrives(first, note, "first");
    // The fewest of several: a slow machine rings once more between two steps of a change, which adds statements of its own.
    const fewest = async (word: string) => {
      const counts: number[] = [];
      for (let run = 1; run <= 5; run += 1) {
        const text = `${word} ${run}`;
        counts.push(
          await statementsOf(async () => {
            await server.editNote(note, { text });
            await arrives(first, note, text);
          }),
        );
      }
      return Math.min(...counts);
    };
    const amongTen = await fewest("among ten");
    await listenMany(90, newId);
    const amongAHundred = await fewest("among a hundred");
    expect(amongAHundred).toBeLessThanOrEqual(amongTen + 5);
    expect(amongAHundred).toBeLessThan(60);
  });

  it("[VIS-3] that nobody sees writes nothing of anybody and sends nothing", async () => {
    const readers = await listenMany(20, () => "shared");
    const note = await server.addNote({ department: "shared", text: "seen by all", secret: "one" });
    for (const reader of readers) await arrives(reader, note, "seen by all");
    const operations = () => readers.map((reader) => reader.operations);
    const written = async () =>
      (await server.database.pool.query("select id, xmin, position, log_xmin::text from view_profile order by id"))
        .rows;
    const before = { operations: operations(), written: await written() };
    await statementsOf(() => server.editNote(note, { secret: "two" }));
    expect({ operations: operations(), written: await written() }).toEqual(before);
    // What was looked at in memory is not missed: the next change comes, and the one after it.
    await server.editNote(note, { text: "changed" });
    for (const reader of readers) await arrives(reader, note, "changed");
  });

  it("[SYN-3] that was looked at and not noted is looked at again after a restart, and does nothing", async () => {
    const [reader] = await listenMany(1, () => "shared");
    const note = await server.addNote({ department: "shared", text: "seen", secret: "one" });
    await arrives(reader, note, "seen");
    await statementsOf(() => server.editNote(note, { secret: "two" }));
    const stood = reader?.cookie;
    await server.restart({ epoch: "first" });
    const again = await listen(reader?.userId ?? "", reader ? { from: reader } : {});
    expect(again.welcome).toMatchObject({ mode: "resume", compared: true, position: stood?.position });
    expect(again.operations).toBe(0);
  });

  it("[SYN-11] that waits above the horizon comes when the older transaction has ended", async () => {
    const [reader] = await listenMany(1, () => "shared");
    const { pool } = server.database;
    const long = await pool.connect();
    await long.query("begin");
    await long.query("select pg_current_xact_id()"); // from here on nobody's horizon moves
    const note = await server.addNote({ department: "shared", text: "above" });
    const early = newId();
    await long.query(
      "insert into note (id, owner, department, text, rank, secret) values ($1, $1, 'shared', 'early', 0, '')",
      [early],
    );
    await long.query("insert into change_log (collection, row_id) values ('notes', $1)", [early]);
    expect(textOf(reader, note)).toBeUndefined();
    await long.query("commit"); // nobody rings for it
    long.release();
    await arrives(reader, note, "above");
    await arrives(reader, early, "early");
  });

  it("[VIS-4] of a subject takes away what is lost while somebody's transaction is still open", async () => {
    const [reader, other] = await listenMany(2, () => "shared");
    const note = await server.addNote({ department: "shared", text: "seen" });
    for (const each of [reader, other]) await arrives(each, note, "seen");
    const long = await server.database.pool.connect();
    try {
      await long.query("begin");
      await long.query("select pg_current_xact_id()");
      await server.setDepartment(reader?.userId ?? "", "elsewhere");
      await expect.poll(() => textOf(reader, note), { timeout: 5_000 }).toBeUndefined();
      expect(textOf(other, note)).toBe("seen");
    } finally {
      await long.query("commit");
      long.release();
    }
  });

  it("[VIS-5] that was sent before its profile looked at it, and is taken back, is told again", async () => {
    const ann = await server.addUser({ department: "law" });
    const [other, reader] = [await listen(ann), await listen(ann)];
    const note = await server.addNote({ owner: ann, department: "sales", text: "first" });
    for (const each of [other, reader]) await arrives(each, note, "first");
    await reader.close();
    await server.editNote(note, { text: "second" });
    await arrives(other, note, "second");
    const long = await server.database.pool.connect();
    await long.query("begin");
    await long.query("select pg_current_xact_id()"); // from here on no profile looks at anything
    await server.editNote(note, { department: "nowhere" });
    const again = await listen(ann, { from: reader });
    await arrives(again, note, "second");
    const departmentOf = (listener: Listener) => listener.rows("notes").get(note)?.["department"];
    expect(departmentOf(again)).toBe("nowhere");
    await server.editNote(note, { department: "sales" });
    await long.query("commit");
    long.release();
    await expect.poll(() => departmentOf(again), { timeout: 5_000 }).toBe("sales");
    expect(departmentOf(other)).toBe("sales");
  });

  it("that cannot be shown to one stops nobody else", async () => {
    const [ann, bob] = await listenMany(2, newId);
    await server.addNote({ owner: ann?.userId ?? "", department: newId(), text: "cannot be shown" });
    const note = await server.addNote({ owner: bob?.userId ?? "", department: newId(), text: "first" });
    await arrives(bob, note, "first");
    await server.editNote(note, { text: "second" });
    await arrives(bob, note, "second");
    expect(ann?.rows("notes").size).toBe(0);
  });

  it("[POL-6] is given its own moment in every profile, whoever sees it then", async () => {
    const isWeekOld = { before: ["obj.createdAt", { days: -7 }] };
    const when = { and: [{ eq: ["obj.department", "sub.department"] }, isWeekOld] };
    const allow = {
      id: "old",
      title: "old",
      effect: "allow",
      resource: "note",
      actions: ["read"],
      sections: "*",
      when,
    };
    await server.publish([allow]);
    const [ann, bob] = await listenMany(2, (index) => `d${index}`);
    const noted = async (count: number) =>
      expect
        .poll(async () => (await server.database.pool.query("select at from view_turn")).rowCount, { timeout: 5_000 })
        .toBe(count);
    const note = await server.addNote({ department: "d0", text: "young", created_at: "2026-03-02T09:00:00.000Z" });
    await noted(1); // nothing that time does would show it to the other one
    clock.moveTo("2026-03-09T09:00:00.001Z");
    await arrives(ann, note, "young");
    expect(textOf(bob, note)).toBeUndefined();
  });
});

describe("two nodes", () => {
  it("one user's devices on both are told of each change once, whichever node writes it", async () => {
    const ann = await server.addUser({ department: "shared" });
    const { url } = await server.startNode();
    const [here, there] = [await listen(ann), await listen(ann, { url })];
    const note = await server.addNote({ department: "shared", text: "0" });
    await Promise.all([arrives(here, note, "0"), arrives(there, note, "0")]);
    for (let edit = 1; edit <= 20; edit++) {
      await server.editNote(note, { text: String(edit) });
      await Promise.all([arrives(here, note, String(edit)), arrives(there, note, String(edit))]);
    }
    await expect.poll(() => here.cookie?.position, { timeout: 5_000 }).toBe(there.cookie?.position);
    expect(here.cookie?.position).toBe(21);
  });
});
