import { startNoteServer } from "@kontor/server/testing/sync";
import { openDesk } from "./notesReplica.ts";
const server = await startNoteServer();
const ann = await server.addUser({ department: "x" });
const N = Number(process.argv[2] ?? 20000);
await server.database.pool.query(
  `with made as (
       insert into note (id, owner, department, text, rank, secret)
       select gen_random_uuid(), $1, 'bulk', repeat('note ' || n || ' ', 25), n, '' from generate_series(1, $2) n returning id
     ) insert into change_log (collection, row_id) select 'notes', id from made`,
  [ann, N],
);
let t = Date.now();
const desk = openDesk({ url: server.url, userId: ann });
let first = 0;
await desk
  .until(({ rows }) => {
    const c = rows.buckets()[0]?.count ?? 0;
    if (c > 0 && !first) first = Date.now() - t;
    return c === N;
  }, "all")
  .catch(console.error);
console.log(
  "fill",
  N,
  "first",
  first,
  "total ms",
  Date.now() - t,
  Math.round((N / (Date.now() - t)) * 1000),
  "rows/s",
  process.memoryUsage().rss >> 20,
);
t = Date.now();
await desk.reopen();
await desk.until(({ state }) => state().connection === "online", "online");
console.log("reconnect", Date.now() - t);
const id = [...(desk.shown ? ["x"] : [])][0];
const {
  rows: [r],
} = await server.database.pool.query("select id from note limit 1");
for (let i = 0; i < 3; i++) {
  t = Date.now();
  await server.editNote(r.id, { text: "changed" + i });
  await desk.until(
    () => (desk.replica.rows.collection("notes")!.findByIdsSync([r.id])[0] as any).text === "changed" + i,
    "edit",
  );
  console.log("live edit", Date.now() - t);
}
for (let i = 0; i < 3; i++) {
  t = Date.now();
  desk.edit(r.id, { rank: i });
  await desk.until(({ state }) => state().pending === 0, "answer");
  console.log("own edit answered", Date.now() - t);
}
await desk.close();
await server.stop();
process.exit(0);
