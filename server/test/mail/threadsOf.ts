import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { dirname, join } from "node:path";
import type { Linked } from "../../src/mail/threads/joinThreads.ts";
import type { Dovecot } from "./dovecot.ts";

/** Generated mailboxes, and what Dovecot makes of them: an oracle of threads that is not ours. */
export interface HeaderOnly extends Linked {
  readonly subject: string;
}

export interface MailboxShape {
  readonly messages: number;
  /** A subject for every message, so that nothing is gathered by it. */
  readonly ownSubjects: boolean;
}

/**
 * Threads as people and programs make them: answers to anything earlier, References that are whole, cut in the middle or
 * not there at all, messages that never arrived, lists that add their own, subjects that change. `random(n)` gives 0 … n-1.
 */
export function makeMailbox({ messages, ownSubjects }: MailboxShape, random: (below: number) => number): HeaderOnly[] {
  const all: (HeaderOnly & { readonly chain: readonly string[] })[] = [];
  const arrived: HeaderOnly[] = [];
  for (let at = 0; arrived.length < messages; at++) {
    const messageId = `${at}.${random(1_000_000)}@${["example.org", "list.example", "mx.example.com"][random(3)]}`;
    const parent = random(10) < 7 ? all[all.length - 1 - random(Math.min(all.length || 1, 400))] : undefined;
    const chain = parent ? [...parent.chain, parent.messageId] : [];
    const subject = ownSubjects
      ? `Subject ${at}`
      : parent && random(8) > 0
        ? `Re: ${parent.subject.replace(/^Re: /, "")}`
        : ["Invoice", "Договор", "Lunch", "Re: Minutes", "Fwd: Offer"][random(5)] +
          (random(3) === 0 ? "" : ` ${random(50)}`);
    const message = { messageId, subject, chain, ...linksAs(random(10), chain) };
    all.push(message);
    if (random(12) > 0) arrived.push(message);
  }
  return arrived;
}

function linksAs(kind: number, chain: readonly string[]): Pick<Linked, "refs" | "inReplyTo"> {
  const last = chain.slice(-1);
  if (kind < 5) return { refs: chain, inReplyTo: last };
  if (kind === 5) return { refs: [], inReplyTo: last }; // clients of the 1990s
  if (kind === 6)
    return { refs: chain.length > 4 ? [...chain.slice(0, 1), ...chain.slice(-3)] : chain, inReplyTo: last };
  if (kind === 7) return { refs: last, inReplyTo: [] };
  if (kind === 8) return { refs: [], inReplyTo: [...last, ...chain.slice(0, 1)] };
  return { refs: chain.length > 0 ? chain : [], inReplyTo: [] };
}

const bracketed = (ids: readonly string[], separator: string) => ids.map((id) => `<${id}>`).join(separator);

/** Puts them into a user's INBOX in the order given, as files of its Maildir: 10,000 in a second. */
export async function fillMaildir(dovecot: Dovecot, user: string, messages: readonly HeaderOnly[]): Promise<void> {
  const { uid, gid } = await stat(join(dovecot.directory, "mail"));
  const folder = join(dovecot.maildir(user), "cur");
  await mkdir(folder, { recursive: true });
  for (const part of ["new", "tmp"]) await mkdir(join(dirname(folder), part), { recursive: true });
  for (const path of [dirname(folder), folder, ...["new", "tmp"].map((part) => join(dirname(folder), part))])
    await chown(path, uid, gid);
  for (const [index, { messageId, refs, inReplyTo, subject }] of messages.entries()) {
    const lines = [
      `Message-ID: <${messageId}>`,
      `Subject: =?utf-8?B?${Buffer.from(subject).toString("base64")}?=`,
      "From: Anna <anna@example.org>",
      "Date: Mon, 02 Nov 2026 10:00:00 +0000",
      ...(refs.length > 0 ? [`References: ${bracketed(refs, "\r\n ")}`] : []),
      ...(inReplyTo.length > 0 ? [`In-Reply-To: ${bracketed(inReplyTo, " ")}`] : []),
    ];
    const path = join(folder, `${1_700_000_000 + index}.M${index}.test:2,`);
    await writeFile(path, `${lines.join("\r\n")}\r\n\r\nBody\r\n`);
    await chown(path, uid, gid);
  }
}

export type ThreadAlgorithm = "REFERENCES" | "REFS";

/** Dovecot's answer: which messages are together, by Message-ID. */
export async function askThreads(
  dovecot: Dovecot,
  user: string,
  algorithm: ThreadAlgorithm,
): Promise<{ readonly threads: readonly (readonly string[])[]; readonly ms: number }> {
  const imap = await openSocket(dovecot);
  await imap.ask(`LOGIN ${user} ${dovecot.password}`);
  await imap.ask("SELECT INBOX");
  const fetched = await imap.ask("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])");
  const ids = new Map(
    [...fetched.matchAll(/^\* (\d+) FETCH [^<]*<([^>]+)>/gm)].map(([, number = "", id = ""]) => [number, id]),
  );
  const started = performance.now();
  const answer = await imap.ask(`THREAD ${algorithm} UTF-8 ALL`);
  const ms = performance.now() - started;
  await imap.ask("LOGOUT");
  const line = /^\* THREAD (.*)$/m.exec(answer)?.[1] ?? "";
  return { threads: splitThreads(line).map((numbers) => numbers.map((number) => ids.get(number) ?? number)), ms };
}

/** RFC 5256 §4: each outermost pair of parentheses is a thread. */
function splitThreads(line: string): string[][] {
  const threads: string[][] = [];
  let depth = 0;
  for (const [token] of line.matchAll(/[()]|\d+/g)) {
    if (token === "(") {
      if (depth++ === 0) threads.push([]);
    } else if (token === ")") depth--;
    else threads.at(-1)?.push(token);
  }
  return threads;
}

/** Longer than any last line: the answer to LOGIN lists everything that the server can. */
const LAST_LINE = 2_000;

async function openSocket({ host, imapPort }: Dovecot) {
  const socket = createConnection({ host, port: imapPort });
  let heard = "";
  let wake = () => {};
  socket.on("data", (bytes) => {
    heard += bytes.toString("latin1");
    wake();
  });
  let tag = 0;
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(heard.slice(-LAST_LINE))) await new Promise<void>((resolve) => (wake = resolve));
    const answer = heard;
    heard = "";
    return answer;
  };
  await until(/^\* OK .*\r\n$/m);
  return {
    async ask(command: string): Promise<string> {
      const name = `t${tag++}`;
      socket.write(`${name} ${command}\r\n`);
      const answer = await until(new RegExp(`^${name} (OK|NO|BAD) .*\\r\\n$`, "m"));
      if (!new RegExp(`^${name} OK`, "m").test(answer)) throw new Error(answer.slice(-300));
      return answer;
    },
  };
}

/** Comparable whatever the threads are called and in whatever order. */
export const asPartition = (threads: Iterable<readonly string[]>): readonly string[] =>
  [...threads].map((thread) => thread.toSorted().join(" ")).toSorted();
