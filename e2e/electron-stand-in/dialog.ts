// `dialog`. Under a spec a dialog needs the spec to say what the user answers (`electronApp.evaluate(({ dialog }) => …)`) and
// throws otherwise. Under `npm start` with a display there is a person: files are chosen in Chromium's own dialog.
import { existsSync, mkdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type Electron from "electron";
import { app } from "./app.ts";
import { BrowserWindow } from "./browserWindow.ts";
import { note } from "./journal.ts";
import { strict } from "./strict.ts";

const unanswered = (name: string) => async (): Promise<never> => {
  throw new Error(`stand-in: dialog.${name} was opened, but the spec did not say what the user answers`);
};

export const dialog = strict(
  {
    showOpenDialog: app.hasPerson ? chooseFiles : unanswered("showOpenDialog"),
    showSaveDialog: app.hasPerson ? saveToDownloads : unanswered("showSaveDialog"),
    showMessageBox: unanswered("showMessageBox"),
    showErrorBox(title: string, content: string): void {
      note("dialog.showErrorBox", title, content);
      console.error(`${title}: ${content}`);
    },
  },
  "dialog",
);

/** A file input in the page opens Chromium's dialog; DevTools then knows the paths, which the page does not. */
async function chooseFiles(...given: unknown[]): Promise<Electron.OpenDialogReturnValue> {
  const { properties = [], filters = [] } = (given.at(-1) ?? {}) as Electron.OpenDialogOptions;
  if (properties.includes("openDirectory")) throw new Error("stand-in: dialog.showOpenDialog cannot choose folders");
  const window = given[0] instanceof BrowserWindow ? given[0] : BrowserWindow.getFocusedWindow();
  if (!window) return { canceled: true, filePaths: [] };
  const cdp = window.webContents.page;
  const accept = filters.flatMap(({ extensions }) =>
    extensions.filter((name) => name !== "*").map((name) => `.${name}`),
  );
  const { result } = await cdp.send("Runtime.evaluate", {
    expression: `(${askForFiles})(${properties.includes("multiSelections")}, ${JSON.stringify(accept.join(","))})`,
    awaitPromise: true,
    userGesture: true,
  });
  const { result: items } = await cdp.send("Runtime.getProperties", {
    objectId: result.objectId ?? "",
    ownProperties: true,
  });
  const files = items.filter(({ name }) => /^\d+$/.test(name)).flatMap(({ value }) => value?.objectId ?? []);
  const infos = await Promise.all(files.map((objectId) => cdp.send("DOM.getFileInfo", { objectId })));
  return { canceled: infos.length === 0, filePaths: infos.map(({ path }) => path) };
}

/** Runs in the page. */
function askForFiles(multiple: boolean, accept: string): Promise<File[]> {
  return new Promise((resolve) => {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple, accept });
    input.addEventListener("change", () => resolve([...(input.files ?? [])]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}

/** Chromium has no save dialog that tells a path, so files go where a browser puts them, under a name that is free. */
async function saveToDownloads(...given: unknown[]): Promise<Electron.SaveDialogReturnValue> {
  const { defaultPath = "file" } = (given.at(-1) ?? {}) as Electron.SaveDialogOptions;
  const folder = app.getPath("downloads");
  mkdirSync(folder, { recursive: true });
  const ending = extname(defaultPath);
  const stem = basename(defaultPath, ending);
  let filePath = join(folder, stem + ending);
  for (let n = 1; existsSync(filePath); n++) filePath = join(folder, `${stem} (${n})${ending}`);
  console.log(`The stand-in has no save dialog: saved as ${filePath}`);
  return { canceled: false, filePath };
}
