import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { bombs } from "./bombs.ts";

/** `KONTOR_MAIL_BOMBS=all` reads every one (a minute); by itself a test run reads those that once were too slow or too large. */
const CHOSEN =
  process.env["KONTOR_MAIL_BOMBS"] === "all"
    ? Object.keys(bombs)
    : [
        "lineEnds",
        "base64File",
        "uuencode",
        "uuencodeOneFile",
        "recipients",
        "parts",
        "dashes",
        "nestedEqual",
        "htmlOpen",
        "htmlLinks",
        "htmlStyleOpen",
        "daemon",
      ];

const MAX_MS = 2_000;
const MAX_MB = 256;

/** Measured in a process of its own, by the processor's time, since the machine has other things to do. */
async function read(name: string) {
  const program = fileURLToPath(new URL("bombs.child.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, name], {
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return JSON.parse(stdout) as {
    readonly kind: string;
    readonly parseMs: number;
    readonly bounceMs: number;
    readonly moreMb: number;
  };
}

describe("messages of 50 MB", () => {
  it.each(CHOSEN)("%s is read in 2 s and 256 MB", async (name) => {
    const { kind, parseMs, bounceMs, moreMb } = await read(name);
    expect(kind).toBe("parsed");
    expect(parseMs).toBeLessThan(MAX_MS);
    expect(bounceMs).toBeLessThan(MAX_MS);
    expect(moreMb).toBeLessThan(MAX_MB);
  });
});
