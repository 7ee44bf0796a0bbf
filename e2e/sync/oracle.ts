import type { NoteServer } from "@kontor/server/testing/sync";
import type { Desk } from "./notesReplica.ts";

type Row = Readonly<Record<string, string | number>>;

/** What a user should hold, by the four sentences of the policy and the tables, and nothing of the engine. */
export async function expectedFor(
  server: NoteServer,
  userId: string,
  { now, ownersOnly = false }: { readonly now: number; readonly ownersOnly?: boolean },
) {
  const { pool } = server.database;
  const user = (
    await pool.query<Row>("select department, granted, granted_until as until from note_user where id = $1", [userId])
  ).rows[0];
  const notes = (await pool.query<Row>("select * from note")).rows;
  const comments = (await pool.query<Row>("select * from note_comment")).rows;
  const isLent = Date.parse(String(user?.["until"])) > now;
  const departments = [user?.["department"], isLent ? user?.["granted"] : undefined];
  const seen = new Map<string, Row>();
  for (const note of notes) {
    const { edits: _edits, created_at: _createdAt, partner: _partner, secret, ...open } = note;
    if (note["owner"] === userId) seen.set(String(note["id"]), { ...open, secret: secret ?? "" });
    else if (!ownersOnly && departments.includes(note["department"])) seen.set(String(note["id"]), open);
  }
  const talk = new Map<string, Row>();
  for (const { id, note_id: noteId, body } of comments)
    if (seen.has(String(noteId))) talk.set(String(id), { id: id ?? "", noteId: noteId ?? "", body: body ?? "" });
  return { notes: seen, comments: talk };
}

export const byId = (rows: ReadonlyMap<string, unknown>) =>
  Object.fromEntries([...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)));

type ApplyBatch = Desk["replica"]["rows"]["applyBatch"];

/** Stands between the desk's connection and its rows, until the desk is opened again. */
export function interpose(desk: Desk, between: (apply: ApplyBatch) => ApplyBatch): void {
  const rows = desk.replica.rows as { applyBatch: ApplyBatch };
  rows.applyBatch = between(rows.applyBatch);
}

/** VIS-5: counts the batches that brought something while something that is lost could still be read. */
export function watchOrder(desk: Desk, lost: readonly string[]): { readonly misordered: number } {
  const found = { misordered: 0 };
  interpose(desk, (apply) => (batch) => {
    const applied = apply(batch);
    const shown = desk.shown();
    if (applied.written > applied.overwritten && lost.some((id) => shown.has(id))) found.misordered++;
    return applied;
  });
  return found;
}
