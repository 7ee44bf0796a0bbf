import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * LibreOffice's settings for documents of strangers: no macro runs, no link is followed or updated, nothing is asked.
 * The jail would stop most of it anyway; two walls are better than one.
 */
const SETTINGS: readonly (readonly [path: string, name: string, value: string | number | boolean])[] = [
  ["org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", true],
  ["org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", 3],
  ["org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", true],
  ["org.openoffice.Office.Writer/Content/Update", "Link", 0], // never (linkenum.hxx)
  ["org.openoffice.Office.Calc/Content/Update", "Link", 1], // never (optutil: LM_NEVER)
  ["org.openoffice.Office.Common/Misc", "FirstRun", false],
  ["org.openoffice.Office.Common/Save/Document", "AutoSave", false],
  ["org.openoffice.Office.Recovery/RecoveryInfo", "Enabled", false],
  ["org.openoffice.Office.Java/VirtualMachine", "Enable", false],
];

export async function writeProfile(directory: string): Promise<void> {
  const items = SETTINGS.map(
    ([path, name, value]) =>
      `<item oor:path="/${path}"><prop oor:name="${name}" oor:op="fuse"><value>${value}</value></prop></item>`,
  );
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
${items.join("\n")}
</oor:items>
`;
  await mkdir(join(directory, "user"), { recursive: true });
  await writeFile(join(directory, "user", "registrymodifications.xcu"), xml);
}
