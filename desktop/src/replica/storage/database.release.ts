/**
 * libsql closes a file only when the last prepared statement has been collected, and has no call to finalize one. Until
 * then the file stays locked, and on Windows can be neither moved nor deleted. So closing asks for a collection.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export async function releaseStatements(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  // What was collected is let go of in the next turn of the loop, not at once.
  await new Promise((resolve) => void setImmediate(resolve));
}
