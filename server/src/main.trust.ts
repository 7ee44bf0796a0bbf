import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";

/** Certificates of an office's own authority beside those that everybody trusts, as PEM; undefined: those alone, which is the default. */
export async function readTrust(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return [...rootCertificates, await readFile(file, "utf8")].join("\n");
}
