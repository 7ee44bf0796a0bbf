// One desk in a process of its own, for tests that kill it. Arguments: address, user, directory, where to die.
import { writeSync } from "node:fs";
import { openDesk } from "./notesReplica.ts";

const [url = "", userId = "", directory = "", dieAt = "never"] = process.argv.slice(2);
const desk = openDesk({ url, userId, directory });
const { replica } = desk;
const die = () => process.kill(process.pid, "SIGKILL");
const say = (text: string) => writeSync(1, `${text}\n`);

/** Dies when the chosen step has been reached for the n-th time, between it and whatever follows. */
const [step = "", nth = "1"] = dieAt.split(":");
let seen = 0;
const reached = (name: string) => {
  if (name === step && ++seen >= Number(nth)) die();
};

const applyBatch = replica.rows.applyBatch;
(replica.rows as { applyBatch: typeof applyBatch }).applyBatch = (batch) => {
  reached("before-batch");
  const applied = applyBatch(batch);
  reached("after-batch");
  return applied;
};
const notes = replica.rows.collection("notes");
if (notes) {
  const writeSync = notes.writeSync.bind(notes);
  notes.writeSync = (documents) => {
    writeSync(documents);
    reached("in-batch"); // rows are written, and not committed
  };
}
const settle = replica.outbox.settle;
(replica.outbox as { settle: typeof settle }).settle = (results) => {
  reached("before-result");
  const settled = settle(results);
  reached("after-result");
  return settled;
};

process.stdin.on("data", (bytes) => {
  for (const line of bytes.toString().trim().split("\n")) {
    const id = desk.create({ text: line });
    say(`durable ${id}`);
    reached("after-enqueue");
  }
});
await desk.until(({ state }) => state().connection === "online", "online");
say("online");
