import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { newId } from "@kontor/shared/base";
import { startNoteServer, type NoteServer } from "@kontor/server/testing/sync";
import { openDesk } from "./notesReplica.ts";

/** VIS-4 with the cipher on: whoever has the key, and everything that a fresh process reads with it, finds nothing. */
let server: NoteServer;
beforeAll(async () => {
  server = await startNoteServer();
});
afterAll(() => server.stop());

const INSPECT = fileURLToPath(new URL("inspectProcess.ts", import.meta.url));

/** What a fresh process sees of the text: its heap, and the pages of the files. The text is not told to it. */
async function whereFound(directory: string, text: string): Promise<readonly string[]> {
  const findings = mkdtempSync(join(tmpdir(), "kontor-findings-"));
  try {
    await promisify(execFile)(process.execPath, [INSPECT, directory, findings]);
    return readdirSync(findings)
      .filter((name) => readFileSync(join(findings, name)).includes(text))
      .toSorted();
  } finally {
    rmSync(findings, { recursive: true, force: true });
  }
}

it("[VIS-4] in an encrypted replica neither a page nor a fresh process's heap holds what was lost", async () => {
  const department = `d-${newId()}`;
  const ann = await server.addUser({ department });
  const canary = `canary${newId().replaceAll("-", "")}`;
  const own = await server.addNote({ owner: ann, department: "n", text: `own` });
  const lost = await server.addNote({ department, text: `sings ${canary}` });
  const narrowed = await server.addNote({ owner: ann, department, text: "open", secret: canary });
  const desk = openDesk({ url: server.url, userId: ann });
  onTestFinished(() => desk.close());
  await desk.until(() => desk.shown().size === 3, "the notes");
  desk.replica.outbox.setDraft(`note/${lost}`, canary);
  await desk.replica.rows.searchSettled();
  await desk.replica.close();
  // It would be found: and not by reading the files without the key.
  expect(await whereFound(desk.directory, canary)).toEqual(["heap", "outbox.db.pages", "replica.db.pages"]);
  const asStored = readdirSync(desk.directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.includes(".db"),
  );
  expect(asStored.filter((name) => readFileSync(join(desk.directory, name)).includes(canary))).toEqual([]);

  await server.editNote(lost, { department: "elsewhere" });
  await server.editNote(narrowed, { owner: newId() });
  await desk.reopen();
  await desk.until(() => !JSON.stringify([...desk.shown().values()]).includes(canary), "the loss");
  await desk.until(({ state }) => state().connection === "online", "online");
  await desk.replica.close();
  expect(await whereFound(desk.directory, canary)).toEqual([]);
  expect(await whereFound(desk.directory, own)).toContain("heap");
}, 60_000);
