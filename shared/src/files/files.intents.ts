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

/** `file.attach`: makes the row; the body follows by tus with the same id. */
export const attachFileSchema = z.object({
  id: z.uuid(),
  recordId: z.uuid(),
  field: z.string().min(1).max(100),
  name: fileNameSchema,
  size: z.int().nonnegative(),
  sha256: sha256Schema,
  /** A hint only: the server sniffs the body. */
  mime: z.string().max(255).default("application/octet-stream"),
});
export type AttachFile = z.output<typeof attachFileSchema>;

export const renameFileSchema = z.object({ id: z.uuid(), name: fileNameSchema });
export type RenameFile = z.output<typeof renameFileSchema>;

export const detachFileSchema = z.object({ id: z.uuid() });
export type DetachFile = z.output<typeof detachFileSchema>;

export const restoreFileSchema = z.object({ id: z.uuid() });
export type RestoreFile = z.output<typeof restoreFileSchema>;

/** The names under which these travel (SYNC.md §4, PUSH). */
export const fileIntents = {
  attach: "file.attach",
  rename: "file.rename",
  detach: "file.detach",
  restore: "file.restore",
} as const;
