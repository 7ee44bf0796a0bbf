// Kontor's main process: puts the parts together, and holds nothing itself.
import { join } from "node:path";
import {
  app,
  BrowserWindow,
  clipboard,
  nativeTheme,
  net,
  Notification,
  protocol,
  session as electronSession,
  shell,
  type Tray,
} from "electron";
import type { Locale } from "@kontor/shared/base";
import { ipcChannels } from "#contract";
import { createAppProtocol } from "./app.protocol.ts";
import { createCachedFiles } from "./cached.files.ts";
import { createFileActions } from "./file.actions.ts";
import { serveIpc } from "./ipc.ts";
import { systemKeychain } from "./keychain.ts";
import { createTray, setMenu, setTrayMenu } from "./menu.ts";
import { createMailNotices, type MailNoticesDeps } from "./mail.notices.ts";
import { createOpenedCopies } from "./opened.copies.ts";
import { createReplicaHost } from "./replica.host.ts";
import { createServerClient } from "./server.client.ts";
import { createSession } from "./session.ts";
import { openSettings } from "./settings.store.ts";
import { createWindows } from "./windows.ts";

protocol.registerSchemesAsPrivileged([
  { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
]);

if (app.requestSingleInstanceLock()) void run();
else app.quit();

async function run(): Promise<void> {
  await app.whenReady();
  const userData = app.getPath("userData");
  const here = import.meta.dirname;

  let tray: Tray | undefined;
  const settings = await openSettings(join(userData, "settings.json"), (next) => {
    nativeTheme.themeSource = next.theme;
    setMenu(locale(), actions);
    if (tray) setTrayMenu(tray, locale(), actions);
    windows.broadcast(ipcChannels.settings, next);
  });
  nativeTheme.themeSource = settings.get().theme;

  const windows = createWindows({
    userData,
    preload: join(here, "../preload/index.cjs"),
    background: () => (nativeTheme.shouldUseDarkColors ? "#14171c" : "#f6f7f9"),
  });
  const copies = createOpenedCopies(join(app.getPath("temp"), "kontor-open"));
  await copies.removeLeftovers();
  const replica = createReplicaHost({
    entry: join(here, "replica.js"),
    events: {
      // Windows hear it from the replica itself. A lost device has removed its files; the key and the account go here.
      status: ({ problem, connection }) => {
        if (problem?.reason === "link.deviceRevoked") void session.revoked();
        if (connection === "locked") void copies.removeAll();
      },
      mail: (news) => notices.news(news),
      filesPurged: (fileIds) => void copies.removeOf(fileIds),
      reopened: () => windows.command("replica.reopened"),
      failed: (problem) => windows.command("replica.failed", problem),
    },
  });
  const notices = createMailNotices({
    locale: () => locale(),
    isWanted: () => settings.get().notices && Notification.isSupported(),
    isLookedAt: () => BrowserWindow.getFocusedWindow() !== null,
    show: showNotice,
    setBadge: (count) => void app.setBadgeCount(count),
    open: (threadId) => void windows.openMainAt(`mail/inbox/${threadId}`),
  });
  const client = createServerClient({ fetch: (url, init) => net.fetch(url, init) });
  const session = createSession({
    userData,
    appVersion: __APP_VERSION__,
    keychain: systemKeychain,
    server: client,
    replica,
    changed: (state) => {
      if (state.state !== "signedIn") {
        windows.closeOthers();
        notices.news({ unread: 0 });
        notices.clear();
      }
      windows.broadcast(ipcChannels.session, state);
    },
  });
  const files = createCachedFiles({ replica });
  const fileActions = createFileActions({ files, copies, replica });
  const locale = (): Locale => {
    const chosen = settings.get().locale;
    return chosen === "system" ? (app.getLocale().toLowerCase().startsWith("ru") ? "ru" : "en") : chosen;
  };
  const actions = { open: () => void windows.openMain(), quit: () => app.quit(), command: windows.command };

  protocol.handle("app", createAppProtocol({ rendererRoot: join(here, "../renderer"), files }));
  electronSession.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  electronSession.defaultSession.setPermissionCheckHandler(() => false);

  serveIpc({
    session: () => session.state(),
    checkServer: async (_sender, address) => {
      const found = await client.checkServer(address);
      return found.ok ? { ok: true, url: found.url, name: found.info.name, version: found.info.version } : found;
    },
    signIn: (_sender, input) => session.signIn(input),
    signOut: async (_sender, input) => {
      await session.signOut(input);
      await copies.removeAll();
    },
    unlock: (_sender, input) => session.unlock(input),
    settings: () => settings.get(),
    changeSettings: (_sender, change) => settings.change(withoutUndefined(change)),
    openPorts: async (sender) => {
      sender.postMessage(ipcChannels.ports, null, await replica.connectWindow());
    },
    chooseFiles: (sender) => fileActions.chooseFiles(BrowserWindow.fromWebContents(sender)),
    saveFileAs: (sender, input) => fileActions.saveFileAs(BrowserWindow.fromWebContents(sender), input),
    openExternally: (_sender, input) => fileActions.openExternally(input),
    openRecordWindow: (_sender, recordId) => windows.openRecord(recordId),
    openMailWindow: (_sender, { id, kind }) => windows.openMail(kind, id),
    claimDraft: async (sender, hold) => {
      const window = BrowserWindow.fromWebContents(sender);
      return window !== null && windows.drafts.claim(window, hold);
    },
    releaseDraft: (_sender, hold) => windows.drafts.release(hold),
    keepDraft: (_sender, draftId) => windows.drafts.keep(draftId),
    showDraft: (_sender, draftId) => windows.showDraft(draftId),
    saveBytesAs: (sender, input) => fileActions.saveBytesAs(BrowserWindow.fromWebContents(sender), input),
    saveFolderAs: (sender, input) => fileActions.saveFolderAs(BrowserWindow.fromWebContents(sender), input),
    openLink: async (_sender, address) => shell.openExternal(address),
    ended: async ({ id }) => windows.ended(id),
    copyText: async (_sender, text) => clipboard.writeText(text),
  });

  app.on("second-instance", actions.open);
  app.on("activate", actions.open);
  app.on("browser-window-focus", notices.clear);
  app.on("window-all-closed", () => {
    if (process.platform !== "darwin") app.quit();
  });

  let ending: "no" | "begun" | "done" = "no";
  app.on("before-quit", (event) => {
    if (ending === "done") return;
    event.preventDefault();
    if (ending === "begun") return;
    ending = "begun";
    void end();
  });

  /** Windows first: what was typed a moment ago goes to the replica. */
  async function end(): Promise<void> {
    await windows.letAllGo();
    await Promise.allSettled([replica.close(false), copies.removeAll()]);
    ending = "done";
    app.quit();
  }

  setMenu(locale(), actions);
  await session.start();
  await windows.openMain();
  tray = createTray(locale(), actions);
}

const showNotice: MailNoticesDeps["show"] = (content, { click, gone }) => {
  const notice = new Notification({ ...content, silent: false });
  notice.on("click", click);
  notice.on("close", gone);
  notice.show();
  return () => notice.close();
};

const withoutUndefined = <Value extends object>(value: Value) =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [Key in keyof Value]?: Exclude<Value[Key], undefined>;
  };
