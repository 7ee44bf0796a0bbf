import { afterAll, beforeAll, expect, it } from "vitest";
import { openListener } from "./listener.ts";
import { startNoteServer, type NoteServer } from "./noteServer.ts";

let server: NoteServer;
beforeAll(async () => {
  server = await startNoteServer();
});
afterAll(() => server.stop());

it("[VIS-4] what is seen through a row is not held before that row is, and comes with it", async () => {
  const ann = await server.addUser({ department: "shared" });
  const listener = await openListener({ url: server.url, userId: ann });
  const note = await server.addNote({ department: "shared", text: "seen" });
  const holds = (collection: string, id: string) => () => listener.rows(collection).has(id);
  await expect.poll(holds("notes", note), { timeout: 5_000 }).toBe(true);
  // As while a policy that was just published is being filled: the note can be read, and the profile has not got it yet.
  await server.database.pool.query("delete from view_row where row_id = $1", [note]);
  const comment = await server.addComment(note, "nobody would take this away with the note");
  const marker = await server.addNote({ department: "shared", text: "marker" });
  await expect.poll(holds("notes", marker), { timeout: 5_000 }).toBe(true);
  expect(holds("comments", comment)()).toBe(false);

  await server.editNote(note, { text: "filled" });
  await expect.poll(holds("comments", comment), { timeout: 5_000 }).toBe(true);
  await server.editNote(note, { department: "elsewhere" });
  await expect.poll(holds("comments", comment), { timeout: 5_000 }).toBe(false);
  await listener.close();
});
