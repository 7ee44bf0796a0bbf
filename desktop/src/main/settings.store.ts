import { z } from "zod";
import { localeSchema } from "@kontor/shared/base";
import { defaultSettings, type Settings } from "#contract";
import { createJsonFile } from "./jsonFile.ts";

const width = z.number().min(180).max(900);
const schema = z.object({
  locale: z.union([localeSchema, z.literal("system")]).catch(defaultSettings.locale),
  theme: z.enum(["light", "dark", "system"]).catch(defaultSettings.theme),
  contrast: z.enum(["normal", "high"]).catch(defaultSettings.contrast),
  listWidth: width.catch(defaultSettings.listWidth),
  sideWidth: width.catch(defaultSettings.sideWidth),
  mailListWidth: width.catch(defaultSettings.mailListWidth),
  mailFolders: z.boolean().catch(defaultSettings.mailFolders),
  notices: z.boolean().catch(defaultSettings.notices),
});

/** How the interface looks, for everybody at this computer account. */
export async function openSettings(path: string, changed: (settings: Settings) => void) {
  const file = createJsonFile(path, schema);
  let settings: Settings = (await file.read()) ?? defaultSettings;
  return {
    get: (): Settings => settings,
    async change(change: Partial<Settings>): Promise<Settings> {
      settings = schema.parse({ ...settings, ...change });
      changed(settings);
      await file.write(settings);
      return settings;
    },
  };
}
export type SettingsStore = Awaited<ReturnType<typeof openSettings>>;
