import { readFile, rename, writeFile } from "node:fs/promises";
import type { z } from "zod";

/** A small JSON file of ours: replaced as a whole, and an unreadable one counts as absent (a torn disk must not lock anybody out). */
export function createJsonFile<Schema extends z.ZodType>(path: string, schema: Schema) {
  let writing: Promise<void> = Promise.resolve();
  return {
    async read(): Promise<z.output<Schema> | undefined> {
      try {
        const parsed = schema.safeParse(JSON.parse(await readFile(path, "utf8")));
        return parsed.success ? parsed.data : undefined;
      } catch {
        return undefined;
      }
    },
    write(value: z.input<Schema>): Promise<void> {
      writing = writing
        .catch(() => undefined)
        .then(async () => {
          const beside = `${path}.new`;
          await writeFile(beside, JSON.stringify(value, undefined, 2), { mode: 0o600 });
          await rename(beside, path);
        });
      return writing;
    },
  };
}
