/**
 * Applies numbered batches to a replica file until it is killed, for crash.test.ts. Each batch writes to two collections,
 * changes and purges earlier rows and moves the cookie, in one transaction. Prints a batch's number once it is committed.
 */
import { writeSync } from "node:fs";
import { openReplicaFile } from "../replica.ts";
import { defineSearchIndex } from "../search.ts";
import { applyBatch, messageSchema, type Message } from "./scratch.documents.ts";

const [filename = "", key = "", last = "0"] = process.argv.slice(2);
const file = openReplicaFile({ filename, key });
const search = defineSearchIndex({ fields: ["text"] });
const first = file.collection<Message>("first", messageSchema, { search });
const second = file.collection<Message>("second", messageSchema);
const STDOUT = 1;

const from = Number(file.meta.get("cookie") ?? 0) + 1;
for (let batch = from; batch <= Number(last); batch++) {
  applyBatch({ file, first, second }, batch);
  writeSync(STDOUT, `${batch}\n`);
  if (batch % 5 === 0) file.scrub();
  await new Promise((resolve) => void setImmediate(resolve)); // a turn for the search lane
}
await first.searchSettled();
await file.close();
