import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Dovecot } from "./dovecot.ts";

/** Puts messages into a user's inbox as files: thousands in a second, where APPEND takes five hundred. */
export async function fillMaildir(
  dovecot: Dovecot,
  user: string,
  messages: Iterable<{ readonly raw: string | Uint8Array; readonly seen: boolean }>,
): Promise<number> {
  const root = dovecot.maildir(user);
  for (const folder of ["cur", "new", "tmp"]) mkdirSync(join(root, folder), { recursive: true });
  let count = 0;
  for (const { raw, seen } of messages) {
    count += 1;
    // Names sort as they were made, and UIDs are given in that order.
    const name = `${1_700_000_000 + count}.M${count}.test:2,${seen ? "S" : ""}`;
    writeFileSync(join(root, "cur", name), raw);
  }
  if (process.getuid?.() === 0) execFileSync("chown", ["-R", "mail:mail", root]);
  await dovecot.doveadm("index", "-u", user, "INBOX");
  return count;
}
