/** notmuch over the archive's mail: filled once, asked by its library and at the command line. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { letterOf, rawOf } from "./mail.archive.ts";

/** Debian's own, for which its packages of Python are; another one may stand before it in the path. */
const PYTHON = "/usr/bin/python3";
const run = promisify(execFile);

export interface NotmuchPeer {
  /** Message-IDs, the newest first. */
  ask(query: string, limit: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Notmuch {
  open(): Promise<NotmuchPeer>;
  /** `notmuch search` as it is typed; in milliseconds with its start. */
  search(query: string, limit: number): Promise<readonly string[]>;
  /** What a start costs that does nothing. */
  start(): Promise<void>;
}

export async function fillNotmuch(folder: string, letters: number): Promise<Notmuch> {
  const maildir = join(folder, "mail");
  for (const part of ["cur", "new", "tmp"]) mkdirSync(join(maildir, "INBOX", part), { recursive: true });
  for (let index = 0; index < letters; index++) {
    const letter = letterOf(index);
    const name = `${1_700_000_000 + index}.M${index}.bench:2,${letter.message.seen ? "S" : ""}`;
    writeFileSync(join(maildir, "INBOX", "cur", name), rawOf(letter).replaceAll("\r\n", "\n")); // as Maildir has lines
  }
  const config = join(folder, "notmuch.conf");
  writeFileSync(
    config,
    `[database]\npath=${maildir}\n[new]\ntags=unread\n[maildir]\nsynchronize_flags=true\n[user]\nname=A\nprimary_email=anna@aurora.example\n`,
  );
  const env = { ...process.env, HOME: folder };
  const notmuch = async (args: readonly string[]) =>
    (await run("notmuch", [`--config=${config}`, ...args], { env, maxBuffer: 1e8 })).stdout;
  await notmuch(["new", "--quiet"]);
  await notmuch(["compact", "--quiet"]);
  return {
    open: () => openPeer(maildir, config),
    async search(query, limit) {
      const asked = ["--format=json", "--output=messages", "--sort=newest-first", `--limit=${limit}`];
      return JSON.parse(await notmuch(["search", ...asked, "--exclude=false", query])) as string[];
    },
    start: async () => void (await notmuch(["--version"])),
  };
}

async function openPeer(maildir: string, config: string): Promise<NotmuchPeer> {
  const worker = fileURLToPath(new URL("notmuch.worker.py", import.meta.url));
  const child = spawn(PYTHON, [worker, maildir, config], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const next = async () => ((await once(lines, "line")) as [string])[0];
  await next();
  return {
    async ask(query, limit) {
      const answered = next();
      child.stdin.write(`${JSON.stringify({ query, limit })}\n`);
      return (JSON.parse(await answered) as [string][]).map(([id]) => id);
    },
    async close() {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    },
  };
}
