import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/**
 * `KONTOR_MAIL_MUTATIONS=1000000 vitest run server/test/mail/odd/mutations` is the million; the default is what a test run can spare.
 * `KONTOR_SEED` repeats a run.
 */
const COUNT = Number(process.env["KONTOR_MAIL_MUTATIONS"] ?? 20_000);
const SEED = Number(process.env["KONTOR_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Of a process: few enough that a leak would be seen in all of them, many enough that starting costs nothing. */
const CHUNK = 20_000;

interface Seen {
  readonly wrong: readonly { readonly index: number; readonly what: string }[];
  readonly slowest: { readonly index: number; readonly ms: number };
  readonly parsed: number;
  readonly maxRssMb: number;
}

async function readMutations(from: number, count: number): Promise<Seen> {
  const program = fileURLToPath(new URL("mutate.child.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--max-old-space-size=128", "--expose-gc", program], {
    env: { ...process.env, SEED: String(SEED), FROM: String(from), COUNT: String(count), NODE_OPTIONS: "" },
  });
  return JSON.parse(stdout) as Seen;
}

describe("mutations of odd messages", () => {
  it(
    `${COUNT} of them are read, none takes 2 s or 256 MB (seed ${SEED})`,
    { timeout: Math.max(120_000, COUNT * 20) },
    async () => {
      for (let from = 0; from < COUNT; from += CHUNK) {
        const count = Math.min(CHUNK, COUNT - from);
        const { wrong, slowest, parsed, maxRssMb } = await readMutations(from, count);
        console.log(
          `mutations ${from} to ${from + count}, seed ${SEED}: slowest ${slowest.index} with ${slowest.ms.toFixed(0)} ms, ${maxRssMb.toFixed(0)} MB`,
        );
        expect(wrong).toEqual([]);
        expect(maxRssMb).toBeLessThan(256);
        // They still are messages: a fuzzer whose messages are all refused at the door tests nothing.
        expect(parsed / count).toBeGreaterThan(0.6);
      }
    },
  );
});
