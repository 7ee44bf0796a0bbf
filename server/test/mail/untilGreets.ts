import type { ChildProcess } from "node:child_process";
import { createConnection } from "node:net";

const START_MS = 20_000; // 0.2 s on an idle machine
const GREETING_MS = 2_000;

/** Resolves when the mail server says its greeting; fails when it has ended, or says none for too long. */
export async function untilGreets(port: number, child: ChildProcess, greeting: "* OK" | "220 "): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (await greets(port, greeting)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no greeting of ${child.spawnfile} within ${START_MS} ms`);
}

const greets = (port: number, greeting: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(GREETING_MS, () => done(false));
    socket.once("error", () => done(false));
    socket.once("data", (bytes) => done(bytes.toString().startsWith(greeting)));
  });
