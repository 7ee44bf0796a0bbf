import { Menu, Tray, nativeImage, type MenuItemConstructorOptions } from "electron";
import type { Locale } from "@kontor/shared/base";
import { trayIcon } from "./tray.icon.ts";

const words = {
  en: {
    file: "File",
    edit: "Edit",
    view: "View",
    open: "Open Kontor",
    quit: "Quit",
    help: "Help",
    keys: "Keyboard shortcuts",
  },
  ru: {
    file: "Файл",
    edit: "Правка",
    view: "Вид",
    open: "Открыть Kontor",
    quit: "Выйти",
    help: "Справка",
    keys: "Сочетания клавиш",
  },
} satisfies Record<Locale, unknown>;

export interface MenuActions {
  open(): void;
  quit(): void;
  command(id: string): void;
}

/** Only what works, and what the system expects: without an Edit menu, macOS has no copy and paste. */
export function setMenu(locale: Locale, actions: MenuActions): void {
  const say = words[locale];
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === "darwin" ? [{ role: "appMenu" } as const] : []),
    {
      label: say.file,
      submenu: [process.platform === "darwin" ? { role: "close" } : { label: say.quit, click: () => actions.quit() }],
    },
    { label: say.edit, role: "editMenu" },
    {
      label: say.view,
      submenu: [{ role: "resetZoom" }, { role: "zoomIn" }, { role: "zoomOut" }, { role: "togglefullscreen" }],
    },
    { label: say.help, submenu: [{ label: say.keys, click: () => actions.command("app.shortcuts") }] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

export function createTray(locale: Locale, actions: MenuActions): Tray {
  const tray = new Tray(nativeImage.createFromDataURL(trayIcon));
  tray.setToolTip("Kontor");
  setTrayMenu(tray, locale, actions);
  tray.on("click", () => actions.open());
  return tray;
}

export function setTrayMenu(tray: Tray, locale: Locale, actions: MenuActions): void {
  const say = words[locale];
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: say.open, click: () => actions.open() },
      { type: "separator" },
      { label: say.quit, click: () => actions.quit() },
    ]),
  );
}
