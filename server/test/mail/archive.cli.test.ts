import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { MessageDoc } from "@kontor/shared/mail";
import { addMailCommands } from "../../src/cli/mail.command.ts";
import { startMailServer, type MailServer } from "./mailServer.ts";

/** `kontor mail` against a whole server. */
const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
let server: MailServer;
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kontor-archive-cli-"));
  server = await startMailServer({ logins: ["anna", "ben", "cay", "dan"], env: {} });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

/** The command in this process: each start of the program costs a second, and one is enough to see that it is there. */
async function run(login: string, ...args: readonly string[]) {
  const { client } = server.user(login);
  const replies: unknown[] = [];
  const program = new Command().exitOverride();
  addMailCommands(program, {
    jsonOption: () => new Option("--json"),
    print: (_options, value) => void replies.push(value),
  });
  vi.stubEnv("KONTOR_URL", client.url);
  vi.stubEnv("KONTOR_TOKEN", client.token);
  const said = vi.spyOn(console, "error").mockReturnValue();
  try {
    await program.parseAsync(["mail", ...args, "--mailbox", `${login}@ours.example`, "--json"], { from: "user" });
    return { code: process.exitCode ?? 0, words: said.mock.calls.flat().join("\n"), reply: replies[0] };
  } finally {
    process.exitCode = undefined; // it is the program's, not the tests'
    said.mockRestore();
    vi.unstubAllEnvs();
  }
}

const letter = (id: string, more = "") =>
  `Message-ID: <${id}@old.example>\r\nFrom: olga@old.example\r\nTo: anna@ours.example\r\nSubject: ${id}\r\n` +
  `Date: Mon, 02 Feb 2015 10:00:00 +0000\r\n\r\nText of ${id}\r\n${more}`;

async function folderNames(login: string): Promise<Readonly<Record<string, string>>> {
  const { client } = server.user(login);
  const { mailboxes } = await client.json<{ mailboxes: { id: string }[] }>("GET", "/api/mail/mailboxes");
  const { folders } = await client.json<{ folders: { id: string; name: string; role?: string; parentId?: string }[] }>(
    "GET",
    `/api/mail/mailboxes/${mailboxes[0]?.id}/folders`,
  );
  const nameOf = ({ name, role, parentId }: (typeof folders)[number]): string => {
    const parent = folders.find(({ id }) => id === parentId);
    return `${parent ? `${nameOf(parent)}/` : ""}${role ?? name}`;
  };
  return Object.fromEntries(folders.map((folder) => [nameOf(folder), folder.id]));
}
async function messages(login: string, folder: string): Promise<readonly MessageDoc[]> {
  const id = (await folderNames(login))[folder];
  const { client } = server.user(login);
  return (await client.json<{ messages: MessageDoc[] }>("GET", `/api/mail/folders/${id}/messages`)).messages;
}
const subjects = async (login: string, folder: string) =>
  (await messages(login, folder)).map(({ subject }) => subject).toSorted();

describe("kontor mail", { timeout: 120_000 }, () => {
  const maildir = () => join(directory, "maildir");

  it("brings a Maildir in with its folders, flags and times, and once however often it is asked", async () => {
    const files = {
      "cur/1422871205.M1P1.host,S=1:2,FS": letter("first"),
      "new/1422871206.M2P1.host": letter("second", "no line end"),
      "cur/1422871207.M3P1.host:2,ST": letter("deleted"),
      ".Sent/cur/1422871208.M4P1.host:2,S": letter("sent"),
      ".Projects.2015 &BB4EQgRHBFEEQg-/cur/1422871209.M5P1.host:2,RS": letter("project"),
      "cur/1422871210.M6P1.host:2,S": "\u0000\u0001\u0002",
    };
    for (const [path, body] of Object.entries(files)) {
      await mkdir(join(maildir(), path, ".."), { recursive: true });
      await writeFile(join(maildir(), path), body);
    }
    const first = await run("anna", "import", maildir());
    expect(first.reply).toMatchObject({ format: "maildir", imported: 4, known: 0, deleted: 1, tooLarge: [] });
    expect(first.code).toBe(1); // one of them is no message, and is named
    expect(first.words).toContain("1422871210.M6P1.host:2,S");

    const inbox = await messages("anna", "inbox");
    expect(inbox.find(({ subject }) => subject === "first")).toMatchObject({
      seen: true,
      flagged: true,
      receivedAt: "2015-02-02T10:00:05.000Z",
    });
    expect(inbox.find(({ subject }) => subject === "second")).toMatchObject({ seen: false, flagged: false });
    expect(await subjects("anna", "sent")).toEqual(["sent"]);
    expect(await messages("anna", "Projects/2015 Отчёт")).toMatchObject([{ subject: "project", answered: true }]);

    const again = await run("anna", "import", maildir());
    expect(again.reply).toMatchObject({ imported: 0, known: 4, deleted: 1 });
  });

  it("brings an mbox, one message, and a folder of these to where it is told", async () => {
    const mbox = join(directory, "old.mbox");
    const parts = ["a", "b"].map((id) => `From olga@old.example Mon Feb  2 10:00:05 2015\n${letter(id)}\n`);
    await writeFile(mbox, parts.join(""));
    expect((await run("ben", "import", mbox, "--folder", "Old/2015")).reply).toMatchObject({
      format: "mbox",
      imported: 2,
    });
    expect(await subjects("ben", "Old/2015")).toEqual(["a", "b"]);

    const folder = join(directory, "folder");
    await mkdir(join(folder, "Sales"), { recursive: true });
    await writeFile(join(folder, "Sales", "one.eml"), letter("one"));
    await writeFile(join(folder, "Letters.mbox"), parts.join(""));
    await writeFile(join(folder, "notes.txt"), "Nothing to see here");
    const { reply, code } = await run("ben", "import", folder, "--folder", "archive");
    expect([reply, code]).toMatchObject([{ format: "folder", imported: 1, known: 2 }, 0]);
    expect(await subjects("ben", "archive/Sales")).toEqual(["one"]);
    expect((await run("ben", "import", join(folder, "Sales", "one.eml"))).reply).toMatchObject({
      format: "eml",
      known: 1,
    });
  });

  it("writes a mailbox as a Maildir that comes back as it was, byte for byte, and goes on where it stopped", async () => {
    const out = join(directory, "out");
    expect((await run("anna", "export", out)).reply).toEqual({ exported: 4, known: 0 });
    const names = (await readdir(join(out, "cur"))).toSorted();
    expect(names.map((name) => name.replace(/\.H[0-9a-f]+N0\./, "."))).toEqual([
      `1422871205.kontor,S=${letter("first").length}:2,FS`,
      `1422871206.kontor,S=${letter("second", "no line end").length}:2,`,
    ]);
    expect(await readFile(join(out, "cur", names[1] ?? ""), "utf8")).toBe(letter("second", "no line end"));
    expect(await readdir(join(out, "tmp"))).toEqual([]);

    await rm(join(out, "cur", names[0] ?? ""));
    expect((await run("anna", "export", out)).reply).toEqual({ exported: 1, known: 3 });

    const back = await run("cay", "import", out);
    expect([back.code, back.reply]).toMatchObject([0, { imported: 4 }]);
    expect(await subjects("cay", "Projects/2015 Отчёт")).toEqual(["project"]);
    const flags = async (login: string) =>
      (await messages(login, "inbox")).map(({ subject, seen, flagged, receivedAt, size }) => [
        subject,
        seen,
        flagged,
        receivedAt,
        size,
      ]);
    expect(await flags("cay")).toEqual(await flags("anna"));
    // What Kontor gave out is known to it again, whatever it thinks of where it came from.
    expect((await run("anna", "import", out)).reply).toMatchObject({ imported: 0, known: 4 });
  });

  it("writes a folder as an mbox that other programs read", async () => {
    const out = join(directory, "mbox");
    expect((await run("ben", "export", out, "--format", "mbox", "--folder", "Old")).reply).toEqual({ folders: 2 });
    expect((await readdir(out)).toSorted()).toEqual(["2015.mbox", "inbox.mbox"]);
    expect((await run("dan", "import", join(out, "2015.mbox"))).reply).toMatchObject({ imported: 2 });
  });

  it("says in words what is wrong", async () => {
    const folder = run("anna", "export", join(directory, "x"), "--folder", "No such folder");
    await expect(folder).rejects.toThrow("There is no folder No such folder in this mailbox.");
    await expect(run("anna", "import", join(directory, "nowhere"))).rejects.toThrow("There is nothing at");
  });

  it("is a part of the program, which ends with 1 where it fails", async () => {
    const { KONTOR_TOKEN: _, ...env } = process.env;
    const child = spawn(process.execPath, [CLI, "mail", "export", directory, "--mailbox", "anna@ours.example"], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [words, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
    expect([code, words]).toEqual([1, "Set KONTOR_TOKEN to a token of yours (`kontor token`).\n"]);
  });
});
