import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Jail, JailKind, JailOrder } from "#previews";
import { createJail } from "./jail.ts";

const MB = 1024 ** 2;
const kinds: JailKind[] = ["bubblewrap", "namespaces", "limits"];
const jails = await Promise.all(kinds.map((only) => createJail({ only })));

describe.each(kinds.map((kind, at) => ({ kind, jail: jails[at] as Jail })))("jail: $kind", ({ kind, jail }) => {
  let workDirectory: string;
  beforeAll(async () => {
    workDirectory = await mkdtemp(join(tmpdir(), "kontor-jail-test-"));
  });
  afterAll(() => rm(workDirectory, { recursive: true, force: true }));
  // A machine without the programs falls back to less; what cannot be kept there cannot be tested there.
  beforeEach((test) => {
    if (jail.kind !== kind) test.skip(`this machine has no ${kind}; its jail is ${jail.kind}`);
  });

  const sh = (script: string, limits: Partial<JailOrder> = {}) =>
    jail.run({
      program: "sh",
      args: ["-c", script],
      workDirectory,
      timeoutMs: 20_000,
      memoryBytes: 200 * MB,
      outputBytes: 10 * MB,
      ...limits,
    });

  it("runs a program and gives back what it says", async () => {
    const result = await sh(`echo out; echo err >&2; echo body > ${workDirectory}/made; exit 3`);
    expect(result).toEqual({ status: "ended", code: 3, stdout: "out\n", stderr: "err\n" });
    expect((await stat(join(workDirectory, "made"))).size).toBe(5);
  });

  it("[JAIL-1] has no network, not even to this machine", async (test) => {
    if (kind === "limits") test.skip("bounds alone close no network");
    const server = createServer((socket) => socket.end("reached")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const script = (host: string) =>
      `import socket; print(socket.create_connection((${JSON.stringify(host)}, ${port}), 2).recv(9))`;
    const result = await jail.run({
      program: "python3",
      args: ["-c", script("127.0.0.1")],
      workDirectory,
      timeoutMs: 20_000,
      memoryBytes: 500 * MB,
      outputBytes: MB,
    });
    server.close();
    expect(result).toMatchObject({ status: "ended", code: 1, stdout: "" });
    expect(result).toMatchObject({ stderr: expect.stringMatching(/refused|unreachable/i) });
  });

  it("[JAIL-2] sees nothing of the machine but programs and fonts", async (test) => {
    if (kind !== "bubblewrap") test.skip("the weaker jails see what everybody may read");
    const secret = await mkdtemp(join(tmpdir(), "kontor-secret-"));
    await writeFile(join(secret, "key"), "secret", { mode: 0o644 });
    const result = await sh(`cat ${secret}/key; cat /etc/passwd; cat /etc/hostname; ls /home; touch /usr/x; ls /`);
    await rm(secret, { recursive: true });
    expect(result).toMatchObject({ status: "ended" });
    const { stdout } = result as { stdout: string };
    expect(stdout).not.toMatch(/secret|root:|home|data/);
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["usr", "tmp", "proc"]));
    await expect(stat("/usr/x")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("[JAIL-2] gets nothing of the server's environment", async () => {
    process.env["KONTOR_TEST_SECRET"] = "s3cret";
    const result = await sh("env");
    delete process.env["KONTOR_TEST_SECRET"];
    expect(result).toMatchObject({ status: "ended", code: 0 });
    expect((result as { stdout: string }).stdout).not.toContain("s3cret");
  });

  it("[JAIL-3] ends a program that takes too much memory", async () => {
    const order = { workDirectory, timeoutMs: 20_000, memoryBytes: 200 * MB, outputBytes: MB };
    const eat = (megabytes: number) =>
      jail.run({
        ...order,
        program: "python3",
        args: ["-c", `x = bytearray(${megabytes} * 1024 * 1024); print(len(x))`],
      });
    expect(await eat(100)).toMatchObject({ status: "ended", code: 0 });
    expect(await eat(400)).toMatchObject({ status: "ended", code: 1, stderr: expect.stringContaining("MemoryError") });
  });

  it("[JAIL-3] ends a program that writes too much", async () => {
    const result = await sh(`head -c ${20 * MB} /dev/zero > ${workDirectory}/big; echo wrote $?`);
    expect(result).not.toMatchObject({ stdout: "wrote 0\n" });
    expect((await stat(join(workDirectory, "big"))).size).toBeLessThanOrEqual(10 * MB);
  });

  it("[JAIL-4] at the time limit the whole tree is dead", async () => {
    const beat = join(workDirectory, "heartbeat");
    const loop = `while true; do echo x >> ${beat}; sleep 0.05; done`;
    // Only a PID namespace holds what makes itself a session of its own.
    const child = kind === "limits" ? `sh -c '${loop}' &` : `setsid sh -c '${loop}' &`;
    const started = Date.now();
    expect(await sh(`${child} sleep 60`, { timeoutMs: 3_000 })).toEqual({ status: "timeout" });
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(await readdir(workDirectory)).toContain("heartbeat");
    await untilStill(beat);
  });

  it("[JAIL-4] ends when it is told to", async () => {
    const stop = new AbortController();
    const order = { workDirectory, timeoutMs: 60_000, memoryBytes: 200 * MB, outputBytes: MB, signal: stop.signal };
    const run = jail.run({ ...order, program: "sleep", args: ["60"] });
    stop.abort();
    expect(await run).toMatchObject({ status: "killed" });
  });

  it("[JAIL-4] dies with the server, however far its start has come", async () => {
    const order = {
      program: "sh",
      args: ["-c", kind === "limits" ? "sleep 60" : "setsid sleep 60 & sleep 60"],
      workDirectory,
      timeoutMs: 60_000,
    };
    const starts = `
      const { createJail } = await import(${JSON.stringify(new URL("./jail.ts", import.meta.url).href)});
      const jail = await createJail({ only: ${JSON.stringify(kind)} });
      const order = { ...${JSON.stringify(order)}, memoryBytes: ${200 * MB}, outputBytes: ${MB} };
      for (let count = 0; count < 20; count++) await jail.start({ ...order, environment: { BORN_OF: ${JSON.stringify(workDirectory)} } });
      process.kill(process.pid, "SIGKILL");`;
    const server = spawn(process.execPath, ["--input-type=module", "-e", starts], { stdio: "ignore" });
    expect(await once(server, "exit")).toEqual([null, "SIGKILL"]);
    await expect.poll(() => bornOf(workDirectory), { timeout: 5_000 }).toEqual([]);
  });

  it("leaves nothing running that the program left", async () => {
    const left = kind === "limits" ? "sleep 60 &" : "setsid sleep 60 &";
    const result = await sh(`${left} echo done`, { environment: { BORN_OF: workDirectory } });
    expect(result).toMatchObject({ status: "ended" });
    await expect.poll(() => bornOf(workDirectory), { timeout: 5_000 }).toEqual([]);
  });

  it("[JAIL-6] yields to the server", async () => {
    expect(await sh("nice")).toMatchObject({ status: "ended", stdout: "5\n" });
  });

  it("[JAIL-5] inside, root is nobody and stays it", async (test) => {
    if (process.getuid?.() !== 0) test.skip("only root has rights to lose");
    const result = await sh("id -u; id -G; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr -d '\\t\\n'");
    expect(result).toMatchObject({
      stdout: "65534\n65534\nCapEff:0000000000000000CapBnd:0000000000000000NoNewPrivs:1",
    });
  });

  it("says when the program is not there", async () => {
    const order = { workDirectory, timeoutMs: 5_000, memoryBytes: 200 * MB, outputBytes: MB };
    const result = await jail.run({ ...order, program: "no-such-program", args: [] });
    expect(result).toEqual({ status: "missing", program: "no-such-program" });
  });
});

/** What runs with this in its environment. */
async function bornOf(value: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.split("\0").includes(`BORN_OF=${value}`) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** The file has stopped growing: two looks, several heartbeats apart, agree. */
async function untilStill(path: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const before = (await stat(path)).size;
        await new Promise((resolve) => setTimeout(resolve, 300)); // what a survivor of the tree would write in this time
        return (await stat(path)).size - before;
      },
      { timeout: 3_000 },
    )
    .toBe(0);
}
