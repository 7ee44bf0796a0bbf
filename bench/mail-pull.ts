/**
 * A first filling: 20,000 messages of a real Dovecot on the same machine, from nothing to rows with their texts, threads,
 * attachments and raw bytes; and how long it takes until the newest 200 can be read. The peer is mbsync, which copies the same
 * mailbox into files and does nothing else with it. Both wait for the disk: a message is counted when it is safe.
 *
 * `ROWS` is how many messages there are, `ROUNDS` how often.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDovecot } from "../server/test/mail/dovecot.ts";
import { fillMaildir } from "../server/test/mail/fillMaildir.ts";
import { startPullHouse } from "../server/test/mail/pullHouse.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";
import { letters } from "./harness/mail.letters.ts";

const MESSAGES = Number(process.env["ROWS"] ?? 20_000);
const NEWEST = Math.min(200, MESSAGES);
const LOOK_MS = 20;
const USER = "anna";

const dovecot = await startDovecot();
const house = await startPullHouse(dovecot);
const folder = mkdtempSync(join(tmpdir(), "kontor-bench-"));
const newestMs: number[] = [];

/** What was written before is on the platter before anybody is measured: both sync as they go, and would wait for it too. */
const settle = () => promisify(execFile)("sync");

async function ours(): Promise<number> {
  const started = performance.now();
  const mailboxId = await house.pull(USER);
  let newest: number | undefined;
  for (;;) {
    const { messages, isReady } = await house.look(mailboxId);
    const took = performance.now() - started;
    if (messages >= NEWEST) newest ??= took;
    if (isReady && messages === MESSAGES) {
      newestMs.push(Math.round(newest ?? took));
      await house.forget(mailboxId);
      await settle();
      return Math.round((MESSAGES / took) * 1_000);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function mbsync(): Promise<number> {
  const place = join(folder, "mbsync");
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  const config = [
    `IMAPAccount a\nHost ${dovecot.host}\nPort ${dovecot.imapPort}\nUser ${USER}\nPass ${dovecot.password}`,
    "SSLType None\nAuthMechs PLAIN\n",
    "IMAPStore there\nAccount a\n",
    `MaildirStore here\nPath ${place}/\nInbox ${place}/INBOX\n`,
    `Channel c\nFar :there:\nNear :here:\nPatterns INBOX\nSync Pull\nCreate Near\nSyncState ${place}/state-\n`,
  ].join("\n");
  writeFileSync(join(place, "mbsyncrc"), config);
  const started = performance.now();
  await promisify(execFile)("mbsync", ["-c", join(place, "mbsyncrc"), "-q", "-a"]);
  const took = performance.now() - started;
  await settle();
  return Math.round((MESSAGES / took) * 1_000);
}

try {
  await fillMaildir(dovecot, USER, letters(MESSAGES, randomFrom(20_261_128)));
  await settle();
  const rounds = await inTurns(roundsOf(3), { ours, mbsync });
  report("mail-pull", [
    figureOf({
      name: "mail-pull",
      metric: `messages of a first filling a second (${MESSAGES})`,
      unit: "messages/s",
      better: "higher",
      ours: rounds.ours,
      peers: { "mbsync (copies only)": rounds.mbsync },
    }),
    figureOf({
      name: "mail-pull-newest",
      metric: `until the newest ${NEWEST} can be read`,
      unit: "ms",
      better: "lower",
      ours: newestMs,
      peers: {},
    }),
  ]);
} finally {
  await house.stop();
  await dovecot.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
