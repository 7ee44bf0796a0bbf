import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startNoteServer, type NoteServer } from "@kontor/server/testing/sync";
import { openDesk, type Desk } from "./notesReplica.ts";

let server: NoteServer;
let desk: Desk | undefined;
let directory = "";
beforeAll(async () => {
  server = await startNoteServer();
});
afterEach(async () => {
  await desk?.close();
  desk = undefined;
  rmSync(directory, { recursive: true, force: true });
});
afterAll(() => server.stop());

/** Runs a desk that kills itself (SIGKILL) at the given step; resolves with what it had said by then. */
function runAndDie(userId: string, dieAt: string, notes: readonly string[] = []): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("deskProcess.ts", import.meta.url)), server.url, userId, directory, dieAt],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => {
    said += bytes.toString();
    if (said.includes("online") && notes.length > 0 && child.stdin.writable) child.stdin.end(`${notes.join("\n")}\n`);
  });
  child.stdin.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (_code, signal) =>
      signal === "SIGKILL" ? resolve(said.trim().split("\n")) : reject(new Error(`ended by itself: ${said}`)),
    );
  });
}

describe("killed at any step", () => {
  for (const dieAt of ["before-batch:1", "in-batch:1", "in-batch:3", "after-batch:1", "after-batch:3"])
    it(`[SYN-2] [SYN-3] the feed is whole after a kill at ${dieAt}`, async () => {
      directory = mkdtempSync(join(tmpdir(), "kontor-kill-"));
      const ann = await server.addUser({ department: `feed ${dieAt}` });
      await addNotes(ann, 1_700);
      await runAndDie(ann, dieAt);
      desk = openDesk({ url: server.url, userId: ann, directory });
      const open = desk;
      await open.until(
        ({ rows }) => rows.buckets().find(({ bucket }) => bucket === "notes")?.count === 1_700,
        "all rows",
      );
      expect(open.shown().size).toBe(1_700);
      expect(await open.replica.audit()).toBe(0);
      // Whole by itself, and not because the comparison at HELLO found a hole and mended it (SYN-10).
      await open.reopen();
      await open.until(({ state }) => state().connection === "online", "online again");
      const repaired = await server.metrics.getSingleMetric("kontor_sync_repairs_total")?.get();
      expect(repaired?.values).toEqual([]);
    });

  for (const dieAt of ["after-enqueue:1", "after-enqueue:3", "before-result:1", "after-result:1"])
    it(`[SYN-1] [SYN-4] each change arrives once after a kill at ${dieAt}`, async () => {
      directory = mkdtempSync(join(tmpdir(), "kontor-kill-"));
      const ann = await server.addUser({ department: `push ${dieAt}` });
      const said = await runAndDie(ann, dieAt, ["one", "two", "three"]);
      const durable = said.flatMap((line) => (line.startsWith("durable ") ? line.slice(8) : []));
      expect(durable.length).toBeGreaterThan(0);
      desk = openDesk({ url: server.url, userId: ann, directory });
      const open = desk;
      await open.until(({ state }) => state().pending === 0 && state().connection === "online", "answers");
      const { rows } = await server.database.pool.query<{ id: string }>("select id from note where owner = $1", [ann]);
      const stored = rows.map(({ id }) => id);
      expect(stored).toEqual(expect.arrayContaining(durable));
      expect(new Set(stored).size).toBe(stored.length);
      await open.until(() => stored.every((id) => open.shown().has(id)), "all shown");
    });
});

async function addNotes(owner: string, count: number): Promise<void> {
  await server.database.pool.query(
    `with made as (
       insert into note (id, owner, department, text, rank, secret)
       select gen_random_uuid(), $1, 'bulk', 'note ' || n, n, '' from generate_series(1, $2) n returning id
     ) insert into change_log (collection, row_id) select 'notes', id from made`,
    [owner, count],
  );
  server.ring();
}
