// Real files for the walks.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const SAMPLE = join(import.meta.dirname, "samples/contract.docx");
const ZIP_END_BYTES = 22; // the end record of a zip without a comment (APPNOTE 4.3.16)
const COMMENT_LENGTH_AT = 20;

/** A Word document with a content that no server has seen, so that its preview is really made. */
export async function writeDocument(folder: string, name: string): Promise<string> {
  const sample = await readFile(SAMPLE);
  const comment = Buffer.from(randomBytes(16).toString("hex"));
  const end = Buffer.from(sample.subarray(-ZIP_END_BYTES));
  end.writeUInt16LE(comment.length, COMMENT_LENGTH_AT);
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([sample.subarray(0, -ZIP_END_BYTES), end, comment]));
  return path;
}

/** Bytes that do not compress and that nothing previews. */
export async function writeNoise(folder: string, name: string, bytes: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, randomBytes(bytes));
  return path;
}
