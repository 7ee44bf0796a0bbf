import { z } from "zod";
import { defineEndpoint, type Endpoint } from "#kernel";
import type { Sampler } from "./sampler.ts";

/** How one part of the server is; `words` say what to do where it is not well. */
export interface PartHealth {
  readonly state: "ok" | "poor" | "failing";
  readonly words: string;
}

export interface AdminDeps {
  readonly version: string;
  readonly name: string;
  readonly startedAt: string;
  readonly sampler: Sampler;
  readonly parts: Readonly<Record<string, () => Promise<PartHealth>>>;
  readonly counts: Readonly<Record<string, () => Promise<number>>>;
}

const PART_TIMEOUT_MS = 5_000;

export function adminEndpoints(deps: AdminDeps): readonly Endpoint[] {
  const overview = defineEndpoint({
    method: "get",
    path: "/admin/overview",
    summary: "Health of every part, counts, and the last hour's load",
    tag: "admin",
    access: { kind: "system", action: "administer" },
    reply: z.object({
      version: z.string(),
      name: z.string(),
      startedAt: z.string(),
      parts: z.array(z.object({ name: z.string(), state: z.enum(["ok", "poor", "failing"]), words: z.string() })),
      counts: z.record(z.string(), z.number()),
      samples: z.array(z.object({ at: z.string(), values: z.record(z.string(), z.number()) })),
    }),
    async handle() {
      const [parts, counts] = await Promise.all([
        Promise.all(Object.entries(deps.parts).map(async ([name, check]) => ({ name, ...(await healthOf(check)) }))),
        Promise.all(Object.entries(deps.counts).map(async ([name, count]) => [name, await count()] as const)),
      ]);
      return {
        version: deps.version,
        name: deps.name,
        startedAt: deps.startedAt,
        parts,
        counts: Object.fromEntries(counts),
        samples: [...deps.sampler.samples()],
      };
    },
  });
  return [overview];
}

async function healthOf(check: () => Promise<PartHealth>): Promise<PartHealth> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<PartHealth>((resolve) => {
    timer = setTimeout(
      () => resolve({ state: "failing", words: `No answer within ${PART_TIMEOUT_MS / 1000} s.` }),
      PART_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { state: "failing", words: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
}
