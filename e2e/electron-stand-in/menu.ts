// `Menu` and `MenuItem`: nobody sees them, but a spec can find an item and click it.
import type Electron from "electron";
import { app } from "./app.ts";
import { BrowserWindow } from "./browserWindow.ts";
import { note } from "./journal.ts";
import { StandInEmitter } from "./strict.ts";

type ItemOptions = Omit<Electron.MenuItemConstructorOptions, "submenu" | "click"> & {
  submenu?: ItemOptions[] | Menu;
  click?: (item: MenuItem, window: BrowserWindow | null, event: object) => void;
};

export class MenuItem {
  id: string | undefined;
  label: string;
  type: string;
  role: string | undefined;
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  accelerator: unknown;
  submenu: Menu | undefined;
  private readonly onClick: ItemOptions["click"];

  constructor(options: ItemOptions) {
    this.id = options.id;
    this.label = options.label ?? options.role ?? "";
    this.type = options.type ?? (options.submenu ? "submenu" : "normal");
    this.role = options.role;
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
    this.accelerator = options.accelerator;
    this.submenu =
      options.submenu instanceof Menu ? options.submenu : options.submenu && Menu.buildFromTemplate(options.submenu);
    this.onClick = options.click;
  }

  click(event: object = {}, window: BrowserWindow | null = BrowserWindow.getFocusedWindow()): void {
    if (!this.enabled) return;
    if (this.type === "checkbox" || this.type === "radio") this.checked = !this.checked;
    if (this.onClick) this.onClick(this, window, event);
    else if (this.role === "quit") app.quit();
    else if (this.role === "close") window?.close();
    else if (this.role === "minimize") window?.minimize();
    else if (this.role === "reload") window?.reload();
    else note("menu role", this.role);
  }
}

export class Menu extends StandInEmitter {
  private static applicationMenu: Menu | null = null;
  readonly items: MenuItem[] = [];

  constructor() {
    super("Menu", ["menu-will-show", "menu-will-close"]);
  }

  static buildFromTemplate(template: (ItemOptions | MenuItem)[]): Menu {
    const menu = new Menu();
    for (const item of template) menu.append(item instanceof MenuItem ? item : new MenuItem(item));
    return menu;
  }
  static setApplicationMenu(menu: Menu | null): void {
    Menu.applicationMenu = menu;
  }
  static getApplicationMenu(): Menu | null {
    return Menu.applicationMenu;
  }

  append(item: MenuItem): void {
    this.items.push(item);
  }
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }
  popup(options: { callback?: () => void } = {}): void {
    note("menu.popup", this.items.map((item) => item.label || item.type)); // prettier-ignore
    this.emit("menu-will-show", {});
    options.callback?.();
  }
  closePopup(): void {
    this.emit("menu-will-close", {});
  }
}
