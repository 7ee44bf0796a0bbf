import { z } from "zod";
import { fileLimits } from "./files.limits.ts";

/** Characters that end a path, hide an extension or turn text around (U+202E makes `gpj.exe` read `exe.jpg`). */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const FORBIDDEN_IN_NAME = /[\u0000-\u001f\u007f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const utf8Bytes = (text: string) => {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
};

export const fileNameSchema = z
  .string()
  .trim()
  .min(1)
  .refine((name) => utf8Bytes(name) <= fileLimits.maxNameBytes, { error: "The name is longer than 255 bytes." })
  .refine((name) => !FORBIDDEN_IN_NAME.test(name), {
    error: "The name contains a slash or an invisible control character.",
  })
  .refine((name) => name !== "." && name !== "..", { error: "This name means a folder." });

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, { error: "A SHA-256 is 64 lower-case hex digits." });

/**
 * Named changes of files, as they travel up (PUSH, SYNC.md §4). The intent's `id` is the file's; of `file.attach` it is
 * the id that the client chose, and the body follows by tus under the same id.
 */
export const fileIntentSchemas = {
  "file.attach": z.object({
    recordId: z.uuid(),
    field: z.string().min(1).max(100),
    name: fileNameSchema,
    size: z.int().nonnegative(),
    sha256: sha256Schema,
    /** A hint only: the server sniffs the body. */
    mime: z.string().max(255).default("application/octet-stream"),
  }),
  "file.rename": z.object({ name: fileNameSchema }),
  "file.detach": z.object({}),
  "file.restore": z.object({}),
} as const;

export type FileIntentName = keyof typeof fileIntentSchemas;
export type FileIntentArgs<Name extends FileIntentName> = z.infer<(typeof fileIntentSchemas)[Name]>;
