import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configKeys } from "#config";

// The program as an administrator runs it, on a data directory of its own with its own PostgreSQL. One story, told in
// order: making a database takes seconds, so every test goes on with what the one before left.

const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
const PASSWORD = "correct horse battery";
let directory: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kontor-cli-"));
  await chmod(directory, 0o755);
});
afterAll(async () => {
  for (const child of running) await end(child, "SIGTERM");
  await rm(directory, { recursive: true, force: true });
});

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcessWithoutNullStreams {
  const { DATABASE_URL: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...inherited, KONTOR_DATA: join(directory, "data"), KONTOR_HOST: "127.0.0.1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function kontor(args: readonly string[], { input = "", env = {} } = {}) {
  const child = start(args, env);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr, json: () => JSON.parse(stdout) as unknown };
}

async function serve() {
  const child = start(["serve", "--port", "0"]);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const heard = /Kontor is listening on (http\S+)\n/.exec(said)?.[1];
      if (heard) resolve(heard);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
  });
  return { child, url, said: () => said };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.kill(signal);
  return (await exited)[0];
}

const pidFile = () => join(directory, "data/postgres/data/postmaster.pid");
const databasePid = async () => Number((await readFile(pidFile(), "utf8")).split("\n")[0]);
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("kontor", { timeout: 120_000 }, () => {
  let server: Awaited<ReturnType<typeof serve>>;
  let token: string;
  const ask = (path: string, method = "GET") =>
    fetch(`${server.url}${path}`, { method, headers: { authorization: `Bearer ${token}`, connection: "close" } });

  it("makes the first administrator, and leaves no database running", async () => {
    const made = await kontor(["user", "create", "Root", "Root Person", "--admin", "--json"], {
      input: `${PASSWORD}\n`,
    });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.json()).toMatchObject({ login: "Root", id: expect.any(String) as unknown });
    expect(existsSync(pidFile())).toBe(false);
  });

  it("serves; whoever it made signs in", async () => {
    server = await serve();
    const answer = await fetch(`${server.url}/api/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify({ login: "root", password: PASSWORD }),
    });
    expect(await answer.json()).toMatchObject({ user: { login: "root", isAdmin: true } });
  });

  it("describes every endpoint in a valid OpenAPI 3.1 document, with its access", async () => {
    const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, Record<string, unknown>>>;
    };
    const checked = await new Validator().validate(structuredClone(document));
    expect(checked).toEqual({ valid: true });
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operations.length).toBeGreaterThan(40);
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    const poor = operations.filter(({ path, operation }) => {
      const access = operation["x-access"] as { kind?: string } | undefined;
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = ((operation.parameters ?? []) as { in: string; name: string }[])
        .filter((parameter) => parameter.in === "path")
        .map(({ name }) => name);
      return (
        !operation.summary ||
        !(operation.tags as string[])[0] ||
        !["anybody", "self", "system", "policy"].includes(access?.kind ?? "") ||
        (access?.kind === "anybody") !== (operation["x-scope"] === undefined) ||
        named.join() !== described.join()
      );
    });
    expect(poor).toEqual([]);
    // Whoever adds to these opens a door to everybody: the list is written by hand on purpose.
    const doors = operations.filter(({ operation }) => (operation["x-access"] as { kind: string }).kind === "anybody");
    expect(doors.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      "get /.well-known/authzen-configuration",
      "get /api/info",
      "get /api/mail/oauth/callback",
      "post /api/console/sign-in",
      "post /api/sign-in",
    ]);
    // … and all others refuse whoever is not signed in.
    for (const { method, path, operation } of operations) {
      if ((operation["x-access"] as { kind: string }).kind === "anybody") continue;
      const { status } = await fetch(`${server.url}${path.replaceAll(/\{\w+\}/g, "x")}`, {
        method: method.toUpperCase(),
        headers: { connection: "close" },
      });
      expect([method, path, status]).toEqual([method, path, 401]);
    }
  });

  it("makes tokens beside a running server, which stays up", async () => {
    const made = await kontor(["token", "ROOT", "report", "--json"]);
    token = (made.json() as { token: string }).token;
    expect((await ask("/api/me")).status).toBe(200);
    expect((await ask("/api/admin/people")).status).toBe(403);
    expect((await ask(`/api/files/018f0000-0000-7000-8000-000000000001/url`, "POST")).status).toBe(404);
    expect((await kontor(["token", "root", "x", "--scope", "root"])).stderr).toMatch(/There is no scope "root"/);
    expect((await kontor(["token", "nobody", "x"])).stderr).toMatch(/Nobody has the sign-in name nobody/);
  });

  it("keeps services, whose tokens ask for decisions, until they are switched off", async () => {
    await kontor(["service", "create", "erp", "The ERP", "--contact", "it"]);
    expect((await kontor(["service", "create", "erp", "Again"])).stderr).toMatch(/Another service has this key/);
    expect((await kontor(["service", "create", "E R P", "Bad"])).stderr).toMatch(/is not a key/);
    expect((await kontor(["service", "create", "x1", "X", "--group", "nobodies"])).stderr).toMatch(/no group nobodies/);
    expect((await kontor(["service", "create", "x2", "X", "--group", "administrators"])).stderr).toMatch(
      /cannot be an administrator/,
    );
    expect((await kontor(["service", "token", "erp", "t", "--days", "800"])).stderr).toMatch(/1 to 731/);
    expect((await kontor(["service", "token", "nobody", "t"])).stderr).toMatch(/no such service/);
    const made = (await kontor(["service", "token", "erp", "first", "--days", "10", "--json"])).json();
    const { id, token: secret } = made as { id: string; token: string };
    const evaluate = async (key: string) => {
      const response = await fetch(`${server.url}/access/v1/evaluation`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${secret}`, connection: "close" },
        body: JSON.stringify({
          subject: { type: "service", id: key },
          action: { name: "read" },
          resource: { type: "contract", id: "none" },
        }),
      });
      return { status: response.status, body: (await response.json()) as { decision?: boolean; reason?: string } };
    };
    expect(await evaluate("erp")).toMatchObject({ status: 200, body: { decision: false } });
    expect(await evaluate("other")).toMatchObject({ status: 403, body: { reason: "access.system" } });
    const list = (await kontor(["service", "list"])).stdout;
    expect(list).toMatch(/^erp +active +The ERP\n +\S+ +first +evaluate +ENDS SOON/);
    expect(list).not.toContain(secret);
    expect((await kontor(["service", "disable", "erp"])).stdout).toBe("erp is disabled.\n");
    expect((await evaluate("erp")).status).toBe(401);
    await kontor(["service", "enable", "erp"]);
    expect((await evaluate("erp")).status).toBe(200);
    await kontor(["service", "withdraw", id]);
    expect((await evaluate("erp")).status).toBe(401);
  });

  it("[POL-8] checks, publishes and compares policies; a running server decides by them at once", async () => {
    const made = await kontor(["token", "root", "policies", "--scope", "admin", "--json"]);
    const { token: admin } = made.json() as { token: string };
    const administer = async () =>
      (
        await fetch(`${server.url}/api/access/policies`, {
          headers: { authorization: `Bearer ${admin}`, connection: "close" },
        })
      ).json() as Promise<{ rev: string; source: string; policies: { id: string }[] }>;
    const before = await administer();
    const set = (await kontor(["policy", "export"])).json() as object[];
    const rule = { id: "by-hand", title: "By hand", effect: "allow", resource: "contract", actions: ["restore"] };

    const wrong = JSON.stringify([...set, { ...rule, actions: ["fly"] }]);
    const checked = await kontor(["policy", "check", "-"], { input: wrong });
    expect([checked.code, checked.stdout]).toEqual([
      1,
      expect.stringContaining('by-hand.actions[0]: is the unknown action "fly"'),
    ]);
    expect((await administer()).rev).toBe(before.rev);

    const right = { input: JSON.stringify([...set, rule]) };
    const published = await kontor(
      ["policy", "publish", "-", "--base", before.rev, "--title", "By hand", "--json"],
      right,
    );
    const { rev } = published.json() as { rev: number };
    expect(await administer()).toMatchObject({ rev: String(rev), source: "administrator" });
    expect((await kontor(["policy", "publish", "-", "--base", before.rev], right)).stderr).toMatch(/is in force/);
    expect((await kontor(["policy", "diff", before.rev, String(rev)])).stdout).toBe("+ by-hand\n");

    expect((await kontor(["policy", "revert", before.rev])).stdout).toMatch(/says what/);
    expect((await administer()).policies.map(({ id }) => id)).not.toContain(rule.id);
    await kontor(["policy", "reset"]);
    expect((await administer()).source).toBe("packs");
    const listed = (await kontor(["policy", "list", "--json"])).json() as { source: string; title: string | null }[];
    expect(listed.map(({ source }) => source)).toEqual(["packs", "revert", "administrator", "packs"]);
  });

  it("keeps people: list, password, disable, enable", async () => {
    await kontor(["user", "create", "anna", "Anna"], { input: PASSWORD });
    expect((await kontor(["user", "create", "anna", "Anna"], { input: PASSWORD })).stderr).toMatch(
      /Another person has this sign-in name/,
    );
    expect((await kontor(["user", "disable", "anna", "--json"])).json()).toEqual({ login: "anna", state: "disabled" });
    expect((await kontor(["user", "list", "--json"])).json()).toMatchObject([
      { login: "anna", state: "disabled" },
      { login: "root", state: "active" },
    ]);
    expect((await kontor(["user", "enable", "anna"])).stdout).toBe("anna is active.\n");
    expect((await kontor(["user", "password", "anna"], { input: "short" })).stderr).toMatch(/at least 10 characters/);
    const nothing = await kontor(["user", "password", "anna"]);
    expect([nothing.code, nothing.stderr]).toEqual([1, "No password came on standard input.\n"]);
    const last = await kontor(["user", "disable", "root"]);
    expect([last.code, last.stderr]).toEqual([1, expect.stringMatching(/without an administrator/)]);
  });

  it("refuses a second server on the same data, which harms the first one not", async () => {
    const second = await kontor(["serve", "--port", "0"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/Another Kontor server is using the data directory \S+\. Stop it, or give this one/);
    expect((await ask("/readyz")).status).toBe(200);
  });

  it("prints the settings and examines the machine, for people and for machines", async () => {
    const settings = (await kontor(["config", "--json"])).json() as { key: string }[];
    expect(settings.map(({ key }) => key)).toEqual(Object.keys(configKeys));
    const doctor = await kontor(["doctor", "--json"]);
    const findings = doctor.json() as { part: string; state: string; words: string }[];
    expect(findings.map(({ part }) => part)).toEqual(
      expect.arrayContaining(["node", "data", "database", "soffice", "jail", "files"]),
    );
    expect(findings.find(({ part }) => part === "node")).toMatchObject({ state: "ok" });
    expect(doctor.code).toBe(findings.some(({ state }) => state === "missing") ? 1 : 0);
  });

  it("says in words what is wrong with DATABASE_URL, and with a setting", async () => {
    const unreachable = await kontor(["serve", "--port", "0"], {
      env: { DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/x" },
    });
    expect(unreachable.code).toBe(1);
    expect(unreachable.stderr).toBe(
      "Cannot use DATABASE_URL: nothing answers at that host and port. Is PostgreSQL running there?\n",
    );
    const wrong = await kontor(["serve"], { env: { KONTOR_PORT: "many" } });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/KONTOR_PORT: /)]);
  });

  it("killed and started again, it takes its database over; SIGTERM leaves no process", async () => {
    const database = await databasePid();
    await end(server.child, "SIGKILL");
    expect(isAlive(database)).toBe(true);
    server = await serve();
    expect(await databasePid()).toBe(database);
    expect((await ask("/api/me")).status).toBe(200);
    expect(await end(server.child, "SIGTERM")).toBe(0);
    expect(isAlive(database)).toBe(false);
    expect(existsSync(pidFile())).toBe(false);
  });

  it("told to stop while its database is still starting, it stops that too", async () => {
    const child = start(["serve", "--port", "0"]);
    child.stdout.resume();
    let database = 0;
    await expect
      .poll(async () => (database = await databasePid().catch(() => 0)), { timeout: 60_000, interval: 2 })
      .toBeGreaterThan(0);
    expect(await end(child, "SIGTERM")).toBe(0);
    expect(isAlive(database)).toBe(false);
  });
});
