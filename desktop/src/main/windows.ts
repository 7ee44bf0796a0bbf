import { join } from "node:path";
import { BrowserWindow, screen, shell } from "electron";
import { z } from "zod";
import { ipcChannels } from "#contract";
import { APP_ORIGIN } from "./app.protocol.ts";
import { createDraftHolds } from "./draft.holds.ts";
import { createJsonFile } from "./jsonFile.ts";

const boundsSchema = z.object({
  x: z.number().int().optional(),
  y: z.number().int().optional(),
  width: z.number().int().min(640),
  height: z.number().int().min(480),
  maximized: z.boolean(),
});
type Bounds = z.infer<typeof boundsSchema>;
const FIRST: Bounds = { width: 1280, height: 820, maximized: false };
const LET_GO_MS = 3_000; // a page that hangs must not keep its window, or the app, from ending
const SAVE_AFTER_MS = 400; // one write for one drag of a window's edge

export interface WindowsDeps {
  readonly userData: string;
  readonly preload: string;
  readonly background: () => string;
}

/** The main window and one window per record, draft or conversation; none may go anywhere, open anything or ask for a permission. */
export function createWindows(deps: WindowsDeps) {
  const file = createJsonFile(join(deps.userData, "window.json"), boundsSchema);
  /** By the address of what they show. */
  const others = new Map<string, BrowserWindow>();
  let main: BrowserWindow | undefined;
  /** Windows whose page has saved what was typed: they may close. */
  const released = new WeakSet<BrowserWindow>();
  /** What each page that was asked to save is waited for with, by the id of its contents. */
  const asked = new Map<number, () => void>();

  const drafts = createDraftHolds<BrowserWindow>({
    isOwnWindow: (window, id) => others.get(`draft/${id}`) === window,
    askToLeave: (window, id) => window.webContents.send(ipcChannels.command, { id: "draft.leave", args: id }),
    onFree: (id) => broadcast(ipcChannels.command, { id: "draft.free", args: id }),
    leaveMs: LET_GO_MS,
  });

  const openMain = () => openMainAt(undefined);

  /** `route` is an address of the interface, as it stands after `#/`. */
  async function openMainAt(route: string | undefined): Promise<void> {
    if (main) {
      if (route !== undefined) main.webContents.send(ipcChannels.command, { id: "app.go", args: route });
      return show(main);
    }
    const bounds = visible((await file.read()) ?? FIRST);
    const { maximized, ...place } = bounds;
    main = create({ ...place });
    if (maximized) main.maximize();
    remember(main);
    main.on("closed", () => (main = undefined));
    await main.loadURL(`${APP_ORIGIN}/index.html${route === undefined ? "" : `#/${route}`}`);
  }

  const openRecord = (recordId: string) => openOther(`record/${recordId}`, { width: 960, height: 760 });
  const openMail = (kind: "draft" | "thread", id: string) => openOther(`${kind}/${id}`, { width: 820, height: 720 });

  async function openOther(address: string, size: { width: number; height: number }): Promise<void> {
    const open = others.get(address);
    if (open) return show(open);
    const window = create(size);
    others.set(address, window);
    window.on("closed", () => others.delete(address));
    await window.loadURL(`${APP_ORIGIN}/index.html#/${address}`);
  }

  function create(place: { x?: number | undefined; y?: number | undefined; width: number; height: number }) {
    const window = new BrowserWindow({
      width: place.width,
      height: place.height,
      ...(place.x === undefined || place.y === undefined ? {} : { x: place.x, y: place.y }),
      minWidth: 640,
      minHeight: 480,
      title: "Kontor",
      backgroundColor: deps.background(),
      autoHideMenuBar: true,
      webPreferences: {
        preload: deps.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: true,
      },
    });
    window.on("close", (event) => {
      if (released.has(window)) return;
      event.preventDefault();
      void letGo(window).then(() => window.close());
    });
    window.on("closed", () => drafts.gone(window));
    window.webContents.on("render-process-gone", () => drafts.gone(window));
    window.webContents.setWindowOpenHandler(({ url }) => {
      openOutside(url);
      return { action: "deny" };
    });
    window.webContents.on("will-navigate", (event, url) => {
      event.preventDefault();
      openOutside(url);
    });
    return window;
  }

  /** No keystroke is lost: the page saves what is being typed, and says when the replica has it. */
  async function letGo(window: BrowserWindow): Promise<void> {
    const { webContents } = window;
    if (!released.has(window) && !webContents.isCrashed())
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, LET_GO_MS);
        asked.set(webContents.id, () => {
          clearTimeout(late);
          resolve();
        });
        webContents.send(ipcChannels.command, { id: "app.ending" });
      });
    asked.delete(webContents.id);
    released.add(window);
  }

  function remember(window: BrowserWindow): void {
    let timer: NodeJS.Timeout | undefined;
    const save = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (window.isDestroyed() || window.isMinimized()) return;
        const { x, y, width, height } = window.getNormalBounds();
        void file.write({ x, y, width, height, maximized: window.isMaximized() });
      }, SAVE_AFTER_MS);
    };
    window.on("resize", save);
    window.on("move", save);
    window.on("closed", () => clearTimeout(timer));
  }

  function all(): BrowserWindow[] {
    return [...(main ? [main] : []), ...others.values()].filter((window) => !window.isDestroyed());
  }

  function broadcast(channel: string, message: unknown): void {
    for (const window of all()) window.webContents.send(channel, message);
  }

  return {
    openMain,
    openMainAt,
    openRecord,
    openMail,
    drafts,
    showDraft: (id: string) => {
      const window = drafts.windowOf(id);
      if (window) show(window);
    },
    broadcast,
    command: (id: string, args?: unknown) => broadcast(ipcChannels.command, { id, args }),
    /** What was typed in any window is in the replica, or could not be had from it. */
    letAllGo: async () => void (await Promise.all(all().map(letGo))),
    /** A page has saved what was typed. */
    ended: (contentsId: number) => asked.get(contentsId)?.(),
    /** Windows of a signed-out person's cards and mail must not stay. */
    closeOthers: () => {
      for (const window of others.values()) window.close();
    },
  };
}
export type Windows = ReturnType<typeof createWindows>;

function show(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** A screen that was unplugged must not take the window along. */
function visible(bounds: Bounds): Bounds {
  if (bounds.x === undefined || bounds.y === undefined) return bounds;
  const { x, y } = bounds;
  const fits = screen
    .getAllDisplays()
    .some(
      ({ workArea: area }) =>
        x < area.x + area.width && x + bounds.width > area.x && y >= area.y && y < area.y + area.height,
    );
  return fits ? bounds : { width: bounds.width, height: bounds.height, maximized: bounds.maximized };
}

/** Only what a browser or a mail program opens; never a file or another program's scheme. */
function openOutside(address: string): void {
  const { protocol } = new URL(address);
  if (protocol === "https:" || protocol === "mailto:") void shell.openExternal(address);
}
