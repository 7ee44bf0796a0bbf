import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { previewLimits } from "@kontor/shared/files";
import type { ConvertOrder, Jail, JailedProcess } from "#previews";
import { writeProfile } from "./office.profile.ts";

/**
 * A LibreOffice that has started already and waits for its one document. Starting is most of the time of a conversion
 * (1.3 s of 1.4), and a listener that took one document after another would let a hostile one meet the next.
 */
export interface Spare {
  /** The PDF's path, or undefined when this spare could not make one; `timeout` when it ran out of its time. */
  convert(order: ConvertOrder): Promise<string | "timeout" | undefined>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./listener.py", import.meta.url));
const IDLE_MS = 15 * 60_000; // 150 MB of memory is not kept for a server at night
const answerSchema = z.object({ ok: z.boolean(), words: z.string().optional() });

export async function startSpare(deps: { jail: Jail; soffice: string; scratchDirectory: string }): Promise<Spare> {
  await mkdir(deps.scratchDirectory, { recursive: true, mode: 0o711 });
  // Swept at the next start with all that begins so, should this process be killed.
  const directory = await mkdtemp(join(deps.scratchDirectory, "preview-spare-"));
  const profile = join(directory, "profile");
  await writeProfile(profile);
  const child = await deps.jail.start({
    program: "/usr/bin/python3",
    args: [program, deps.soffice, pathToFileURL(profile).href, basename(directory)],
    readOnly: [dirname(program)],
    workDirectory: directory,
    timeoutMs: IDLE_MS,
    memoryBytes: previewLimits.memoryBytes,
    outputBytes: previewLimits.outputBytes,
  });
  const lines = createInterface({ input: child.stdout });
  const ready = lineOf(lines, child);

  const stop = async () => {
    child.stop();
    await child.ended;
    lines.close();
    // Retried: the last of its processes may still be ending, and writing.
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };

  return {
    stop,
    async convert(order) {
      try {
        return await withLimit(order, child, () => converted(order));
      } finally {
        await stop();
      }
    },
  };

  async function converted(order: ConvertOrder): Promise<string | undefined> {
    if ((await ready) !== "ready") return undefined;
    const source = join(directory, basename(order.source));
    const target = join(directory, "converted.pdf");
    await copyFile(order.source, source);
    await chmod(source, 0o644); // the jail's user reads it
    const answer = lineOf(lines, child);
    child.stdin.write(`${JSON.stringify({ source, target })}\n`);
    const parsed = answerSchema.safeParse(parseJson(await answer));
    if (!parsed.success || !parsed.data.ok) return undefined;
    const pdf = join(order.workDirectory, "converted.pdf");
    await rename(target, pdf);
    return pdf;
  }
}

async function withLimit<T>(order: ConvertOrder, child: JailedProcess, work: () => Promise<T>): Promise<T | "timeout"> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.stop();
  }, order.timeoutMs);
  const stop = () => child.stop();
  order.signal?.addEventListener("abort", stop, { once: true });
  try {
    const result = await work();
    return late ? "timeout" : result;
  } finally {
    clearTimeout(timer);
    order.signal?.removeEventListener("abort", stop);
  }
}

/** The next line it says; undefined when it ends first. */
function lineOf(lines: Interface, child: JailedProcess): Promise<string | undefined> {
  return Promise.race([
    new Promise<string>((resolve) => lines.once("line", resolve)),
    child.ended.then(() => undefined),
  ]);
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
