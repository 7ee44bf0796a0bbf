import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { startNoteServer, type NoteServer } from "@kontor/server/testing/sync";
import { startFaultProxy, type FaultProxy } from "./faultProxy.ts";
import { openDesk, type Desk, type DeskOptions } from "./notesReplica.ts";

let server: NoteServer;
let proxy: FaultProxy;
const desks: Desk[] = [];
beforeAll(async () => {
  server = await startNoteServer();
});
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
  await proxy?.stop();
});
afterAll(() => server.stop());

const seat = (userId: string, options: Partial<DeskOptions> = {}) => {
  const desk = openDesk({ url: server.url, userId, ...options });
  desks.push(desk);
  return desk;
};
const isDone = (desk: Desk) => desk.until(({ state }) => state().pending === 0, "all answers");
const isOnline = (desk: Desk) => desk.until(({ state }) => state().connection === "online", "online");
const editsOf = async (id: string) => {
  const { rows } = await server.database.pool.query<{ edits: number }>("select edits from note where id = $1", [id]);
  return rows[0]?.edits;
};
const repairs = async () =>
  (await server.metrics.getSingleMetric("kontor_sync_repairs_total")?.get())?.values.reduce(
    (sum, { value }) => sum + value,
    0,
  ) ?? 0;

describe("intents", () => {
  it("[SYN-1] a change is in view and on the disk before any network, and after a restart", async () => {
    proxy = await startFaultProxy(server.url);
    const ann = await server.addUser({ department: "one" });
    const known = await server.addNote({ owner: ann, text: "before" });
    const desk = seat(ann, { url: proxy.url });
    await desk.until(() => desk.shown().has(known), "the note");
    proxy.cut();
    await desk.until(({ state }) => state().connection === "offline", "offline");
    const made = desk.create({ text: "made offline" });
    desk.edit(known, { text: "edited offline" });
    expect(desk.shown().get(made)).toMatchObject({ text: "made offline" });

    await desk.reopen();
    expect(desk.shown().get(made)).toMatchObject({ text: "made offline" });
    expect(desk.shown().get(known)).toMatchObject({ text: "edited offline" });
    expect(desk.replica.state().pending).toBe(2);

    proxy.mend();
    desk.replica.tryNow();
    await isDone(desk);
    expect(desk.shown().get(made)).toMatchObject({ text: "made offline", owner: ann });
    expect(await editsOf(known)).toBe(1);
  });

  it("[SYN-1] a damaged replica is set aside and filled again, and what was not sent is kept", async () => {
    proxy = await startFaultProxy(server.url);
    const ann = await server.addUser({ department: "damage" });
    const known = await server.addNote({ owner: ann, text: "from the server" });
    const desk = seat(ann, { url: proxy.url });
    await desk.until(() => desk.shown().has(known), "the note");
    proxy.cut();
    const made = desk.create({ text: "not sent yet" });
    await desk.replica.close();
    writeFileSync(join(desk.directory, "replica.db"), Buffer.alloc(40_000, 7));

    await desk.reopen();
    expect(desk.replica.state().rebuilt?.setAsideAs).toMatch(/^replica\.db\.damaged-/);
    expect(readdirSync(desk.directory).some((name) => name.startsWith("replica.db.damaged-"))).toBe(true);
    expect(desk.shown().get(made)).toMatchObject({ text: "not sent yet" });
    proxy.mend();
    desk.replica.tryNow();
    await isDone(desk);
    await desk.until(() => desk.shown().has(known) && desk.shown().get(made)?.["owner"] === ann, "both notes");
  });

  it("[SYN-4] a lost answer: the change is sent again and has one effect", async () => {
    proxy = await startFaultProxy(server.url);
    const ann = await server.addUser({ department: "four" });
    const id = await server.addNote({ owner: ann, text: "x" });
    const desk = seat(ann, { url: proxy.url });
    await desk.until(() => desk.shown().has(id), "the note");
    await isOnline(desk);
    proxy.swallowAnswers();
    desk.edit(id, { rank: 9 });
    await expect.poll(() => editsOf(id), { timeout: 10_000 }).toBe(1);
    expect(desk.replica.state().pending).toBe(1);
    proxy.cut();
    proxy.mend();
    desk.replica.tryNow();
    await isDone(desk);
    expect(await editsOf(id)).toBe(1);
    expect(desk.shown().get(id)).toMatchObject({ rank: 9 });
  });

  it("[SYN-4] an answer given again waits for the feed to carry the effect, too", async () => {
    proxy = await startFaultProxy(server.url);
    const ann = await server.addUser({ department: "again" });
    const id = await server.addNote({ owner: ann, text: "x" });
    const desk = seat(ann, { url: proxy.url });
    await desk.until(() => desk.shown().has(id), "the note");
    await isOnline(desk);
    const long = await server.database.pool.connect();
    const seen: unknown[] = [];
    try {
      await long.query("begin");
      await long.query("select pg_current_xact_id()"); // from here on nobody's horizon moves
      proxy.swallowAnswers();
      desk.edit(id, { rank: 9 });
      await expect.poll(() => editsOf(id), { timeout: 10_000 }).toBe(1);
      proxy.cut();
      proxy.mend();
      desk.replica.tryNow();
      await isOnline(desk);
      const enoughForAnAnswer = Date.now() + 1_500; // given at once, it came within some milliseconds
      await expect
        .poll(
          () => {
            seen.push(desk.shown().get(id)?.["rank"]);
            return Date.now() > enoughForAnAnswer;
          },
          { timeout: 10_000 },
        )
        .toBe(true);
    } finally {
      await long.query("commit");
      long.release();
    }
    expect(new Set(seen)).toEqual(new Set([9]));
    server.ring();
    await isDone(desk);
    expect(desk.shown().get(id)).toMatchObject({ rank: 9 });
    expect(await editsOf(id)).toBe(1);
  });

  it("[SYN-4] another user's intent id is refused and tells nothing", async () => {
    const [ann, bob] = [await server.addUser({ department: "a" }), await server.addUser({ department: "b" })];
    const principal = (userId: string) =>
      ({ userId, login: "", name: "", isAdmin: false, channel: "api", scopes: ["write"] }) as const;
    const intent = {
      mid: newId(),
      name: "note.create",
      collection: "notes",
      id: newId(),
      args: { text: "hers" },
      at: new Date().toISOString(),
    };
    expect(await server.sync.applyIntent(principal(ann), intent)).toMatchObject({ status: "applied" });
    expect(await server.sync.applyIntent(principal(ann), intent)).toMatchObject({ status: "applied" });
    expect(await server.sync.applyIntent(principal(bob), intent)).toMatchObject({
      status: "rejected",
      reason: "sync.foreignMid",
    });
  });

  it("[SYN-5] what depends on a refused change falls with it, with the reason; others do not", async () => {
    const ann = await server.addUser({ department: "five" });
    const other = await server.addNote({ owner: ann, text: "other" });
    proxy = await startFaultProxy(server.url);
    const desk = seat(ann, { url: proxy.url });
    await desk.until(() => desk.shown().has(other), "the note");
    proxy.cut();
    await desk.until(({ state }) => state().connection === "offline", "offline");
    const refused = desk.create({ text: "refuse me" });
    desk.edit(refused, { rank: 1 });
    desk.edit(other, { rank: 2 });
    proxy.mend();
    desk.replica.tryNow();
    await isDone(desk);
    const issues = desk.replica.outbox.issues();
    expect(issues.map(({ result }) => result.reason)).toEqual(["note.refused", "sync.dependsOnRefused"]);
    expect(desk.shown().has(refused)).toBe(false);
    expect(desk.shown().get(other)).toMatchObject({ rank: 2 });
  });

  it("[SYN-5] changes of one row keep their order when the first has to wait", async () => {
    const ann = await server.addUser({ department: "order" });
    const id = await server.addNote({ owner: ann, text: "x" });
    const desk = seat(ann);
    await desk.until(() => desk.shown().has(id), "the note");
    desk.edit(id, { text: "later" }); // answered "try again" until the test takes it back
    desk.edit(id, { text: "last word" });
    await desk.until(({ outbox }) => (outbox.pending()[0]?.attempts ?? 0) >= 2, "two attempts");
    expect(await editsOf(id)).toBe(0);
    const first = desk.replica.outbox.pending()[0]?.mid ?? "";
    await desk.until(({ discard }) => discard(first), "the first taken back");
    desk.replica.tryNow();
    await isDone(desk);
    expect(desk.shown().get(id)).toMatchObject({ text: "last word" });
  });

  it("[SYN-6] [SYN-7] a refused change keeps the user's text, can be tried again and be let go", async () => {
    const ann = await server.addUser({ department: "seven" });
    const id = await server.addNote({ owner: ann, text: "x" });
    const desk = seat(ann);
    await desk.until(() => desk.shown().has(id), "the note");
    desk.edit(id, { text: "refuse me" });
    await desk.until(({ state }) => state().issues === 1, "an issue");
    expect(desk.shown().get(id)).toMatchObject({ text: "x" });
    await desk.reopen();
    const [issue] = desk.replica.outbox.issues();
    expect(issue).toMatchObject({
      args: { text: "refuse me" },
      result: { code: "invalid", message: "Not this text." },
    });
    const again = desk.replica.retryIssue(issue?.mid ?? "");
    expect(again?.mid).not.toBe(issue?.mid);
    await desk.until(({ state }) => state().issues === 1 && state().pending === 0, "refused again");
    desk.replica.discardIssue(desk.replica.outbox.issues()[0]?.mid ?? "");
    expect(desk.replica.state()).toMatchObject({ issues: 0, pending: 0 });
  });

  it("[SYN-6] a kind of change that the server does not know yet is kept and tried again", async () => {
    const ann = await server.addUser({ department: "newer" });
    const desk = seat(ann);
    await isOnline(desk);
    desk.replica.enqueue({ name: "note.fold", collection: "notes", id: newId(), args: {}, title: "folded" });
    await desk.until(({ outbox }) => (outbox.pending()[0]?.attempts ?? 0) > 0, "an answer");
    expect(desk.replica.outbox.pending()[0]).toMatchObject({ lastReason: "sync.unknownIntent" });
  });

  it("[SYN-8] a change of what the user may not see is refused as unknown", async () => {
    const ann = await server.addUser({ department: "eight" });
    const hidden = await server.addNote({ department: "other", text: "hidden" });
    const desk = seat(ann);
    await isOnline(desk);
    desk.edit(hidden, { text: "mine now" });
    await desk.until(({ state }) => state().issues === 1, "an issue");
    expect(desk.replica.outbox.issues()[0]?.result.code).toBe("notFound");
    expect(await editsOf(hidden)).toBe(0);
  });
});

describe("the feed", () => {
  it("[SYN-10] a replica that was tampered with is repaired without losing local changes, and counted", async () => {
    const ann = await server.addUser({ department: "ten" });
    const notes = await Promise.all(
      [1, 2, 3].map((rank) => server.addNote({ owner: ann, text: `note ${rank}`, rank })),
    );
    const desk = seat(ann);
    await desk.until(() => desk.shown().size === 3, "three notes");
    proxy = await startFaultProxy(server.url);
    proxy.cut();
    await desk.reopen({ url: proxy.url });
    const [lost = "", changed = ""] = notes;
    const collection = desk.replica.rows.collection("notes");
    collection?.purgeSync([lost]);
    collection?.writeSync([{ ...desk.shown().get(changed), text: "forged", pending: 0 }]);
    const made = desk.create({ text: "local" });
    expect(await desk.replica.audit()).toBe(2);

    const before = await repairs();
    proxy.mend();
    desk.replica.tryNow();
    await desk.until(() => desk.shown().get(changed)?.["text"] === "note 2" && desk.shown().has(lost), "the repair");
    await isDone(desk);
    expect(desk.shown().get(made)).toMatchObject({ text: "local", owner: ann });
    expect((await repairs()) - before).toBe(1);
    await desk.reopen();
    await isOnline(desk);
    await isDone(desk);
    expect((await repairs()) - before).toBe(1);
  });

  it("[SYN-11] a row whose transaction commits after a later one is not passed", async () => {
    const ann = await server.addUser({ department: "eleven" });
    const desk = seat(ann);
    await isOnline(desk);
    const { pool } = server.database;
    const [slow, fast] = [await pool.connect(), await pool.connect()];
    const [early, late] = [newId(), newId()];
    const insert = async (client: typeof slow, id: string) => {
      await client.query(
        "insert into note (id, owner, department, text, rank, secret) values ($1, $2, 'eleven', '', 0, '')",
        [id, ann],
      );
      await client.query("insert into change_log (collection, row_id) values ('notes', $1)", [id]);
    };
    await slow.query("begin");
    await insert(slow, early);
    await fast.query("begin");
    await insert(fast, late);
    await fast.query("commit");
    server.ring();
    const marker = await server.addNote({ owner: ann, text: "marker" });
    await server.sync.recompute(); // looks at the change log while the first transaction is still open
    await slow.query("commit");
    server.ring();
    slow.release();
    fast.release();
    await desk.until(() => [early, late, marker].every((id) => desk.shown().has(id)), "all three rows");
    expect(desk.shown().size).toBe(3);
  });

  it("[SYN-1] an own change stays in view while somebody's long transaction holds the feed back", async () => {
    const ann = await server.addUser({ department: "held" });
    const known = await server.addNote({ owner: ann, text: "before" });
    const desk = seat(ann);
    await desk.until(() => desk.shown().has(known), "the note");
    const long = await server.database.pool.connect();
    await long.query("begin");
    await long.query("select pg_current_xact_id()"); // from here on nobody's horizon moves
    const longerThanAnyPatience = Date.now() + 3_000; // answers used to give up waiting for the feed after two seconds
    const made = desk.create({ text: "made meanwhile" });
    desk.edit(known, { text: "after" });
    const seen: boolean[] = [];
    try {
      await expect
        .poll(
          async () => {
            const { shown } = desk;
            seen.push(shown().get(made)?.["text"] === "made meanwhile" && shown().get(known)?.["text"] === "after");
            return Date.now() > longerThanAnyPatience && (await editsOf(made)) !== undefined;
          },
          { timeout: 15_000 },
        )
        .toBe(true);
    } finally {
      await long.query("commit");
      long.release();
    }
    expect(seen).not.toContain(false);
    server.ring();
    await isDone(desk);
    expect(desk.shown().get(made)).toMatchObject({ text: "made meanwhile" });
    expect(desk.shown().get(known)).toMatchObject({ text: "after" });
  });

  it("[VIS-3] a change in what the user may not see moves nothing", async () => {
    const ann = await server.addUser({ department: "three" });
    const id = await server.addNote({ department: "three", text: "x", secret: "one" });
    const desk = seat(ann);
    await desk.until(() => desk.shown().has(id), "the note");
    const cookie = desk.replica.rows.cookie();
    await server.editNote(id, { secret: "two" });
    const after = await server.addNote({ department: "three", text: "y" });
    await desk.until(() => desk.shown().has(after), "the next note");
    expect(desk.replica.rows.cookie()?.position).toBe((cookie?.position ?? 0) + 1);
  });

  it("[VIS-4] lost access leaves no byte: row, comments, search index, drafts", async () => {
    const canary = `canary${newId().replaceAll("-", "")}`;
    const ann = await server.addUser({ department: "canary" });
    const note = await server.addNote({ department: "canary", text: `a ${canary} sings` });
    const comment = await server.addComment(note, `about ${canary}`);
    const kept = await server.addNote({ owner: ann, text: "kept" });
    const desk = seat(ann, { cipher: "none" }); // unencrypted: in an encrypted file nothing would ever be found
    await desk.until(() => desk.shown("comments").has(comment) && desk.shown().has(note), "note and comment");
    desk.replica.outbox.setDraft(`note/${note}`, canary);
    await desk.replica.rows.collection("notes")?.searchSettled();
    expect(desk.replica.rows.collection("notes")?.search(canary).documents).toHaveLength(1);
    expect(filesWith(desk, canary)).not.toEqual([]);

    await server.setDepartment(ann, "elsewhere");
    await desk.until(() => !desk.shown().has(note) && desk.shown("comments").size === 0, "the purge");
    expect(desk.shown().has(kept)).toBe(true);
    expect(desk.replica.rows.collection("notes")?.search(canary).documents).toHaveLength(0);
    expect(desk.replica.outbox.draft(`note/${note}`)).toBeNull();
    // While the files are open: closing would tidy up what a purge had left in the log.
    expect(filesWith(desk, canary)).toEqual([]);
  });

  it("[VIS-5] a stricter policy set purges before anything else arrives", async () => {
    const ann = await server.addUser({ department: "five" });
    const shared = await server.addNote({ department: "five", text: "shared" });
    const own = await server.addNote({ owner: ann, text: "own" });
    const desk = seat(ann);
    await desk.until(() => desk.shown().size === 2, "both notes");
    try {
      await server.publish("ownersOnly");
      await desk.until(() => !desk.shown().has(shared), "the purge");
      expect(desk.shown().has(own)).toBe(true);
    } finally {
      await server.publish("department");
    }
    await desk.until(() => desk.shown().has(shared), "the note back");
    expect(desk.shown().size).toBe(2);
  });

  it("[VIS-6] a disabled account's device is closed at once and locks; a signed-out one keeps queueing", async () => {
    const [ann, bob] = [await server.addUser({ department: "six" }), await server.addUser({ department: "six" })];
    const [annDesk, bobDesk] = [seat(ann), seat(bob)];
    await isOnline(annDesk);
    await isOnline(bobDesk);
    await server.disable(ann);
    await annDesk.until(({ state }) => state().connection === "locked", "locked");
    await annDesk.reopen();
    expect(annDesk.replica.isLocked).toBe(true);

    server.endTokens(bob);
    await bobDesk.until(({ state }) => state().connection === "signedOut", "signed out");
    bobDesk.create({ text: "still writing" });
    expect(bobDesk.replica.state()).toMatchObject({ connection: "signedOut", pending: 1 });
  });
});

const filesWith = (desk: Desk, text: string): string[] =>
  readdirSync(desk.directory).filter((name) => readFileSync(join(desk.directory, name)).includes(text));
