import { afterAll, beforeAll, expect, it } from "vitest";
import { openListener, type Listener } from "./listener.ts";
import { startNoteServer, type NoteServer } from "./noteServer.ts";

let server: NoteServer;
beforeAll(async () => {
  server = await startNoteServer();
});
afterAll(() => server.stop());

const shown = async (listener: Listener, collection: string, id: string, isShown = true) =>
  await expect.poll(() => listener.rows(collection).has(id), { timeout: 5_000 }).toBe(isShown);

/** With a transaction that stays open until it is let go: from here on nothing that changes is looked at. */
async function holdHorizon(): Promise<() => Promise<void>> {
  const client = await server.database.pool.connect();
  await client.query("begin");
  await client.query("select pg_current_xact_id()");
  return async () => {
    await client.query("commit");
    client.release();
  };
}

it("[VIS-1] what was looked at while the row through which it is seen was hidden comes when that is as before", async () => {
  const ann = await server.addUser({ department: "shared" });
  const listener = await openListener({ url: server.url, userId: ann });
  const note = await server.addNote({ department: "shared", text: "seen" });
  await shown(listener, "notes", note);
  const letGoFirst = await holdHorizon();
  const comment = await server.addComment(note, "looked at while its note was hidden");
  const marker = await server.addNote({ department: "shared", text: "looked at together with the comment" });
  const letGoSecond = await holdHorizon();
  await server.editNote(note, { department: "elsewhere" });
  await letGoFirst();
  await shown(listener, "notes", marker);
  expect(listener.rows("comments").has(comment)).toBe(false);
  await server.editNote(note, { department: "shared" });
  await letGoSecond();
  await shown(listener, "comments", comment);
  await shown(listener, "notes", note);
  await listener.close();
});

it("[VIS-4] what is seen through a row is not held without that row, and comes with it", async () => {
  const ann = await server.addUser({ department: "shared" });
  const listener = await openListener({ url: server.url, userId: ann });
  const note = await server.addNote({ department: "shared", text: "seen" });
  await shown(listener, "notes", note);
  // As while a policy that was just published is being filled: the note can be read, and the profile has not got it yet.
  await server.database.pool.query("delete from view_row where row_id = $1", [note]);
  const comment = await server.addComment(note, "nobody would take this away without the note");
  await shown(listener, "comments", comment);
  const { rows } = await server.database.pool.query("select collection from view_row where row_id = $1", [note]);
  expect(rows).toEqual([{ collection: "notes" }]);
  await server.editNote(note, { department: "elsewhere" });
  await shown(listener, "comments", comment, false);
  await listener.close();
});
