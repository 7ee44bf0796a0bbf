import { access, stat } from "node:fs/promises";
import { join, parse } from "node:path";
import { pathToFileURL } from "node:url";
import { previewLimits } from "@kontor/shared/files";
import { PreviewFailure, type ConvertOrder, type Jail, type OfficeConverter } from "#previews";
import { writeProfile } from "./office.profile.ts";

/** LibreOffice, one process and one profile per document. */
export function createOffice({ jail, program }: { jail: Jail; program?: string }): OfficeConverter {
  const missing = async () =>
    (program ?? (await findOffice())) === undefined
      ? "LibreOffice is not installed: apt-get install libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
      : undefined;

  return {
    missing,
    async toPdf(order) {
      const soffice = program ?? (await findOffice());
      if (soffice === undefined) throw converterMissing();
      return await convert({ jail, soffice, order });
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
  if (result.status === "timeout") {
    throw new PreviewFailure("timeout", `the conversion took longer than ${order.timeoutMs} ms`);
  }
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

const converterMissing = () => new PreviewFailure("converterMissing", "LibreOffice is not installed on the server");
