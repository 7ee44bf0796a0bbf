import { setTimeout as wait } from "node:timers/promises";
import { Client } from "../../files/serverProcess.ts";

/** Comes again when it was told that it asks too fast: that answer would say nothing about access. */
export class PatientClient extends Client {
  override async fetch(
    path: string,
    options: RequestInit & { headers?: Record<string, string> } = {},
  ): Promise<Response> {
    for (;;) {
      const answer = await super.fetch(path, options);
      if (answer.status !== 429) return answer;
      const { retryAfterMs } = (await answer.json()) as { retryAfterMs?: number };
      await wait(retryAfterMs ?? 1_000);
    }
  }
}
