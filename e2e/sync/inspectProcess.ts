// Opens a replica with its key in a process of its own, reads everything, and writes down what it could see: the heap,
// and every page of both files through the cipher. Arguments: directory, folder for the findings.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeHeapSnapshot } from "node:v8";
import { openReplicaFile } from "@kontor/desktop/replica/storage";
import { KEY, openDesk } from "./notesReplica.ts";

const [directory = "", findings = ""] = process.argv.slice(2);
const { replica, shown } = openDesk({ url: "http://127.0.0.1:9", userId: "nobody", directory });
await replica.rows.searchSettled();
const seen = [...replica.rows.collections.keys()].flatMap((name) => [...shown(name).values()]);
const pending = replica.outbox.pending();
writeHeapSnapshot(join(findings, "heap"));
writeFileSync(join(findings, "counts"), JSON.stringify({ rows: seen.length, pending: pending.length }));
await replica.close();

for (const name of ["replica.db", "outbox.db"]) {
  const file = openReplicaFile({ filename: join(directory, name), key: KEY });
  const pages = file.all("SELECT hex(data) FROM sqlite_dbpage").map(([hex]) => Buffer.from(String(hex), "hex"));
  writeFileSync(join(findings, `${name}.pages`), Buffer.concat(pages));
  await file.close();
}
