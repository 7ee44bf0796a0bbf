/**
 * libsql closes a file only when the last prepared statement has been collected, and has no call to finalize one. Until
 * then the file stays locked, and on Windows can be neither moved nor deleted. So closing asks for collections until the
 * file is free.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** One is nearly always enough; a statement still on some stack needs a second. */
const MAX_COLLECTIONS = 10;

export async function releaseStatements(isLocked: () => boolean): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  for (let turn = 0; turn < MAX_COLLECTIONS; turn++) {
    if (typeof collect === "function") collect();
    // What was collected is let go of in a later turn of the loop, not at once.
    await new Promise((resolve) => void setImmediate(resolve));
    if (!isLocked()) return;
  }
}
