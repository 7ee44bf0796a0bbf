import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId, systemClock, type Clock, type JsonObject } from "@kontor/shared/base";
import { openOfficeReplica, type OfficeReplica } from "@kontor/desktop/replica";
import { startServer, type TestServer } from "../harness/server.ts";

/** The whole of Kontor's server as its own process, and replicas as the desktop opens them, without windows. */
let server: TestServer;
let department = "";
const opened: OfficeReplica[] = [];
const directories: string[] = [];

beforeAll(async () => {
  server = await startServer({ demo: false });
  await addUser("ann");
  await addUser("bob");
  department = await addDepartment();
}, 120_000);
afterEach(async () => {
  for (const office of opened.splice(0)) await office.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});
afterAll(() => server?.remove());

const PASSWORD = "correct horse battery";

function addUser(login: string): Promise<void> {
  const cli = fileURLToPath(new URL("../../server/src/cli.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [cli, "user", "create", login, login, "--admin", "--data", server.dataDirectory],
    {
      stdio: ["pipe", "ignore", "pipe"],
    },
  );
  let errors = "";
  child.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
  child.stdin.end(`${PASSWORD}\n`);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`user create: ${errors}`))));
  });
}

interface SignedIn {
  readonly token: string;
  readonly deviceId: string;
  readonly leaseMs: number;
  readonly user: { readonly id: string; readonly name: string; readonly login: string; readonly isAdmin: boolean };
}

async function post<T>(path: string, body: unknown, token?: string): Promise<T> {
  const response = await fetch(`${server.url}/api/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** One device each for all tests: the server counts sign-ins. */
const sessions = new Map<string, Promise<SignedIn>>();
function signIn(login: string): Promise<SignedIn> {
  const known = sessions.get(login);
  if (known) return known;
  const device = { name: "test", platform: "linux" };
  const session = post<SignedIn>("sign-in", { login, password: PASSWORD, device });
  sessions.set(login, session);
  return session;
}

async function addDepartment(): Promise<string> {
  const { token } = await signIn("ann");
  return (await post<{ id: string }>("admin/departments", { nameEn: "Sales", nameRu: "Продажи" }, token)).id;
}

async function seat(
  login: string,
  directory = mkdtempSync(join(tmpdir(), "kontor-office-")),
  { serverUrl = server.url, clock = systemClock }: { readonly serverUrl?: string; readonly clock?: Clock } = {},
): Promise<OfficeReplica> {
  directories.push(directory);
  const session = await signIn(login);
  const office = await openOfficeReplica(
    {
      directory,
      key: "5a".repeat(32),
      serverUrl,
      serverName: "test",
      user: session.user,
      deviceId: session.deviceId,
      token: session.token,
      leaseMs: session.leaseMs,
      appVersion: "test",
    },
    {
      log: { info: () => undefined, warn: () => undefined },
      onStatus: () => undefined,
      onDamaged: () => undefined,
      clock,
    },
  );
  opened.push(office);
  return office;
}

async function run(office: OfficeReplica, name: string, input: unknown): Promise<JsonObject> {
  const reply = await office.commands.answer({ kind: "request", id: 1, name: name as "status.get", input });
  if (!reply.ok) throw new Error(JSON.stringify(reply.error));
  return reply.value as JsonObject;
}

const record = (office: OfficeReplica, id: string) =>
  office.replica.rows.collection("records")?.findByIdsSync([id])[0] as unknown as JsonObject & {
    fields: JsonObject;
    pending: number;
  };
async function isQuiet(office: OfficeReplica): Promise<void> {
  const deadline = Date.now() + 15_000;
  // Online is said before the first filling has arrived, and a new record cannot be shown before its type is known.
  const knowsTypes = () => (office.replica.rows.collection("types")?.querySync({ selector: {} }).length ?? 0) > 0;
  const isDone = ({ connection, pending } = office.commands.status()) =>
    connection === "online" && pending === 0 && knowsTypes();
  while (!isDone() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  const [held, issues] = [await run(office, "outbox.list", {}), await run(office, "issues.list", {})];
  if (!isDone() || issues.length !== 0) throw new Error(`Not quiet: ${JSON.stringify({ held, issues })}`);
}

const userOf = (office: OfficeReplica) => office.commands.status().user.id;
const shown = (office: OfficeReplica, id: string) => expect.poll(() => record(office, id), { timeout: 15_000 });

describe("the office's records", () => {
  it("a record made at one desk appears at the other, with its history, and is found", async () => {
    const [ann, bob] = [await seat("ann"), await seat("bob")];
    await isQuiet(ann);
    await isQuiet(bob);
    const id = newId();
    await run(ann, "record.create", {
      id,
      type: "task",
      fields: { title: "Water the plants", assignee: userOf(bob), department },
    });
    expect(record(ann, id)).toMatchObject({ title: "Water the plants", pending: 1, trashed: false, state: "open" });
    await isQuiet(ann);
    await shown(bob, id).toMatchObject({ title: "Water the plants", owner: userOf(bob) });
    await shown(ann, id).toMatchObject({ pending: 0, can: { edit: expect.anything() } });
    await expect
      .poll(() => bob.replica.rows.collection("history")?.querySync({ selector: { recordId: id } as never }).length, {
        timeout: 15_000,
      })
      .toBeGreaterThan(0);
    await expect
      .poll(() => run(bob, "search.query", { text: "plants" }), { timeout: 15_000 })
      .toMatchObject({ hits: [{ id }], complete: true });
    expect(await ann.replica.audit()).toBe(0);
  });

  it("two people edit offline: different fields both survive, the same field shows both values", async () => {
    const [ann, bob] = [await seat("ann"), await seat("bob")];
    const id = newId();
    await isQuiet(ann);
    const fields = { title: "Budget", assignee: userOf(bob), department, priority: "low" };
    await run(ann, "record.create", { id, type: "task", fields });
    await shown(bob, id).toMatchObject({ title: "Budget" });
    await server.stop();
    await expect.poll(() => bob.commands.status().connection, { timeout: 15_000 }).toBe("offline");
    await run(ann, "record.edit", { id, set: { estimate: 3 } });
    await run(bob, "record.edit", { id, set: { priority: "high" } });
    await run(ann, "record.edit", { id, set: { title: "Budget of ann" } });
    await run(bob, "record.edit", { id, set: { title: "Budget of bob" } });
    expect(ann.commands.status()).toMatchObject({ connection: "offline", pending: 1 }); // both edits are one
    expect(record(ann, id)).toMatchObject({ title: "Budget of ann", fields: { estimate: 3 } });
    await server.start();
    for (const office of [ann, bob]) {
      await run(office, "sync.tryNow", {});
      await isQuiet(office);
    }
    for (const office of [ann, bob]) {
      await shown(office, id).toMatchObject({ fields: { estimate: 3, priority: "high" } });
      await shown(office, id).toHaveProperty("conflicts.title.lost");
    }
    const { title, conflicts } = record(ann, id) as unknown as {
      title: string;
      conflicts: { title: { lost: string } };
    };
    expect([title, conflicts.title.lost].toSorted()).toEqual(["Budget of ann", "Budget of bob"]);
  });

  it("a file attached at one desk is uploaded and fetched at the other", async () => {
    const [ann, bob] = [await seat("ann"), await seat("bob")];
    const [id, fileId] = [newId(), newId()];
    await isQuiet(ann);
    await run(ann, "record.create", {
      id,
      type: "task",
      fields: { title: "With a file", assignee: userOf(bob), department },
    });
    const bytes = new TextEncoder().encode("hello file");
    await run(ann, "file.attach", { id: fileId, recordId: id, field: "files", name: "hello.txt", source: { bytes } });
    await isQuiet(ann);
    const fileAt = (office: OfficeReplica) => office.replica.rows.collection("files")?.findByIdsSync([fileId])[0];
    await expect.poll(() => fileAt(bob), { timeout: 15_000 }).toMatchObject({ name: "hello.txt", state: "stored" });
    await expect.poll(() => fileAt(ann), { timeout: 15_000 }).not.toHaveProperty("upload");
    expect(await run(bob, "file.fetch", { id: fileId, what: "content" })).toMatchObject({ available: true });
  });

  it("[VIS-4] who loses a record loses the bodies of its files, online and after a stop in between", async () => {
    const [ann, bob] = [await seat("ann"), await seat("bob")];
    await isQuiet(ann);
    await isQuiet(bob);
    const bytes = new TextEncoder().encode("canary in a body");
    for (const how of ["online", "left behind by a stop"]) {
      const [id, fileId] = [newId(), newId()];
      const fields = { title: how, assignee: userOf(bob), department };
      await run(ann, "record.create", { id, type: "task", fields });
      await run(ann, "file.attach", { id: fileId, recordId: id, field: "files", name: "c.txt", source: { bytes } });
      const rowAt = (office: OfficeReplica) => office.replica.rows.collection("files")?.findByIdsSync([fileId])[0];
      await expect.poll(() => rowAt(bob), { timeout: 15_000 }).toMatchObject({ state: "stored" });
      expect(await run(bob, "file.fetch", { id: fileId, what: "content" })).toMatchObject({ available: true });
      const folder = join(bob.replica.options.directory, "files");
      expect(readdirSync(folder)).toContain(fileId);
      await run(ann, "record.edit", { id, set: { assignee: userOf(ann) } });
      await expect.poll(() => rowAt(bob), { timeout: 15_000 }).toBeUndefined();
      await expect.poll(() => readdirSync(folder), { timeout: 15_000 }).not.toContain(fileId);
      // As if the process had ended between the purge and this: the next start finds a body without its file.
      mkdirSync(join(folder, fileId));
      writeFileSync(join(folder, fileId, "content"), "sealed");
    }
    await bob.close();
    const folder = join(bob.replica.options.directory, "files");
    expect(readdirSync(folder)).toHaveLength(2);
    await seat("bob", bob.replica.options.directory);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("[VIS-6] when the lease has ended every door is shut, and opens after what was lost has gone", async () => {
    const ann = await seat("ann");
    let bob = await seat("bob");
    const { directory } = bob.replica.options;
    await isQuiet(ann);
    await isQuiet(bob);
    const [id, fileId] = [newId(), newId()];
    const bytes = new TextEncoder().encode("hello file");
    const fields = { title: "Leasehold", assignee: userOf(bob), department };
    await run(ann, "record.create", { id, type: "task", fields });
    await run(ann, "file.attach", { id: fileId, recordId: id, field: "files", name: "l.txt", source: { bytes } });
    await expect
      .poll(() => bob.replica.rows.collection("files")?.findByIdsSync([fileId])[0], { timeout: 15_000 })
      .toMatchObject({ state: "stored" });
    await run(bob, "file.fetch", { id: fileId, what: "content" });

    const chunksOf = async (office: OfficeReplica, what: "content" | "pdf" | "page" | "thumbnail") => {
      const kinds: string[] = [];
      await office.readFile({ what, fileId }, ({ kind }) => kinds.push(kind));
      return kinds;
    };
    /** A window's ports, and what became of them. */
    const openWindow = (office: OfficeReplica) => {
      const closed = { rxdb: false, commands: false };
      const port = (name: keyof typeof closed) => ({
        send: () => undefined,
        onMessage: () => undefined,
        onClose: () => undefined,
        close: () => void (closed[name] = true),
      });
      office.windows.open(port("rxdb"), port("commands"));
      return closed;
    };
    const doors = {
      "search.query": { text: "Leasehold" },
      "file.fetch": { id: fileId, what: "content" },
      "access.explain": { type: "task", id, action: "read" },
      "outbox.list": {},
    };
    // All of them are open as long as the lease lasts, also offline.
    await bob.close();
    bob = await seat("bob", directory, { serverUrl: "http://127.0.0.1:9" });
    expect(await run(bob, "search.query", doors["search.query"])).toMatchObject({ hits: [{ id }] });
    expect(await chunksOf(bob, "content")).toEqual(["head", "chunk", "end"]);
    expect(openWindow(bob)).toEqual({ rxdb: false, commands: false });
    await bob.close();

    await run(ann, "record.edit", { id, set: { assignee: userOf(ann) } });
    await isQuiet(ann);
    const { leaseMs } = await signIn("bob");
    const clock: Clock = { ...systemClock, now: () => Date.now() + leaseMs + 60_000 };
    bob = await seat("bob", directory, { serverUrl: "http://127.0.0.1:9", clock });
    expect(bob.commands.status().connection).toBe("locked");
    for (const [name, input] of Object.entries(doors))
      await expect(run(bob, name, input)).rejects.toThrow("replica.locked");
    for (const what of ["content", "pdf", "page", "thumbnail"] as const)
      expect(await chunksOf(bob, what)).toEqual(["error"]);
    expect(openWindow(bob)).toEqual({ rxdb: true, commands: false });
    await bob.close();

    bob = await seat("bob", directory, { clock });
    expect(bob.replica.isLocked).toBe(true);
    const openWithLost: boolean[] = [];
    bob.replica.on("state", () => openWithLost.push(!bob.replica.isLocked && record(bob, id) !== undefined));
    await isQuiet(bob);
    expect(openWithLost).not.toContain(true);
    expect(record(bob, id)).toBeUndefined();
    expect(await run(bob, "search.query", doors["search.query"])).toMatchObject({ hits: [] });
    expect(await chunksOf(bob, "content")).toEqual(["error"]);
    expect(openWindow(bob)).toEqual({ rxdb: false, commands: false });
  });

  it("[SYN-7] what a form would have refused is refused by the server, and kept with the field that is wrong", async () => {
    const ann = await seat("ann");
    await isQuiet(ann);
    const id = newId();
    await run(ann, "record.create", { id, type: "task", fields: { title: "Odd", priority: "purple", department } });
    await expect.poll(() => ann.commands.status().issues, { timeout: 15_000 }).toBe(1);
    const [issue] = (await run(ann, "issues.list", {})) as unknown as JsonObject[];
    expect(issue).toMatchObject({
      title: "Odd",
      input: { priority: "purple", department },
      problems: [{ field: "priority" }],
    });
    expect(record(ann, id)).toBeUndefined();
  });
});
