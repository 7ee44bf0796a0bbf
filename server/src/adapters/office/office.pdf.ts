import { existsSync } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join, parse } from "node:path";
import { pathToFileURL } from "node:url";
import { previewLimits } from "@kontor/shared/files";
import { PreviewFailure, type ConvertOrder, type Jail, type OfficeConverter } from "#previews";
import { writeProfile } from "./office.profile.ts";
import { startSpare, type Spare } from "./office.spare.ts";

export interface OfficeOptions {
  readonly jail: Jail;
  /** How many started processes wait for documents (none: each document waits for a start of its own). */
  readonly spares?: { readonly count: number; readonly scratchDirectory: string };
}

/** LibreOffice, one process and one profile per document. */
export function createOffice({ jail, spares }: OfficeOptions): OfficeConverter & { close(): Promise<void> } {
  const waiting: Promise<Spare | undefined>[] = [];
  let closed = false;

  /** After the first document only: a server without office documents pays nothing. */
  function refill(soffice: string): void {
    if (!spares || closed || !isListenerThere) return;
    while (waiting.length < spares.count) {
      const { scratchDirectory } = spares;
      waiting.push(startSpare({ jail, soffice, scratchDirectory }).catch(() => undefined));
    }
  }

  const missing = async () =>
    (await findOffice()) === undefined
      ? "LibreOffice is not installed: apt-get install libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
      : undefined;

  return {
    missing,
    async toPdf(order) {
      const soffice = await findOffice();
      if (soffice === undefined) throw converterMissing();
      const spare = await waiting.shift();
      refill(soffice);
      const pdf = await spare?.convert(order);
      if (pdf === "timeout") throw tooSlow(order);
      // What a spare cannot open gets a process of its own, whose words tell the reason.
      return pdf ?? (await convert({ jail, soffice, order }));
    },
    async close() {
      closed = true;
      for (const spare of await Promise.all(waiting.splice(0))) await spare?.stop();
    },
  };
}

async function convert({
  jail,
  soffice,
  order,
}: {
  jail: Jail;
  soffice: string;
  order: ConvertOrder;
}): Promise<string> {
  const profile = join(order.workDirectory, "profile");
  const output = join(order.workDirectory, "out");
  await writeProfile(profile);
  const result = await jail.run({
    program: soffice,
    args: [
      `-env:UserInstallation=${pathToFileURL(profile)}`,
      "--headless",
      "--norestore",
      "--nolockcheck",
      "--nodefault",
      "--nofirststartwizard",
      "--convert-to",
      "pdf",
      "--outdir",
      output,
      order.source,
    ],
    workDirectory: order.workDirectory,
    timeoutMs: order.timeoutMs,
    memoryBytes: previewLimits.memoryBytes,
    outputBytes: previewLimits.outputBytes,
    ...(order.signal ? { signal: order.signal } : {}),
  });
  if (result.status === "missing") throw converterMissing();
  if (result.status === "timeout") throw tooSlow(order);
  const pdf = join(output, `${parse(order.source).name}.pdf`);
  if (await isWritten(pdf)) return pdf;
  // LibreOffice ends with 0 also when it could not load the document, and says so only in words.
  const words = "stderr" in result ? result.stderr : "";
  if (result.status === "ended" && /could not be loaded|Error: source file/i.test(words)) {
    throw new PreviewFailure("notADocument", "LibreOffice cannot open it");
  }
  throw new Error(`LibreOffice made no PDF (${result.status}): ${words.slice(0, 500)}`);
}

const isWritten = (path: string) =>
  stat(path)
    .then(({ size }) => size > 0)
    .catch(() => false);

/** Debian keeps it in a package of its own; other systems are served without spares. */
const isListenerThere = existsSync("/usr/lib/python3/dist-packages/uno.py");

const PLACES = [
  "/usr/bin/soffice",
  "/usr/local/bin/soffice",
  "/opt/libreoffice/program/soffice",
  "/Applications/LibreOffice.app/Contents/MacOS/soffice",
  "C:\\Program Files\\LibreOffice\\program\\soffice.exe",
];

async function findOffice(): Promise<string | undefined> {
  for (const path of PLACES) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

const tooSlow = ({ timeoutMs }: ConvertOrder) =>
  new PreviewFailure("timeout", `the conversion took longer than ${timeoutMs} ms`);

const converterMissing = () => new PreviewFailure("converterMissing", "LibreOffice is not installed on the server");
