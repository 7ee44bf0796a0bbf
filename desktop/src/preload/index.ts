// The whole bridge: `window.kontor` is exactly DesktopApi, and the replica's two ports are handed on.
import { contextBridge, ipcRenderer, webUtils } from "electron";
import { ipcChannels, type DesktopApi } from "#contract/ipc";

const invoke =
  <Name extends keyof DesktopApi>(name: Name) =>
  (...args: unknown[]) =>
    ipcRenderer.invoke(ipcChannels.invoke, name, args) as never;

const subscribe =
  <Message>(channel: string) =>
  (listener: (message: Message) => void) => {
    const handler = (_event: unknown, message: Message) => listener(message);
    ipcRenderer.on(channel, handler);
    return () => {
      ipcRenderer.removeListener(channel, handler);
    };
  };

const api: DesktopApi = {
  session: invoke("session"),
  checkServer: invoke("checkServer"),
  signIn: invoke("signIn"),
  signOut: invoke("signOut"),
  unlock: invoke("unlock"),
  settings: invoke("settings"),
  changeSettings: invoke("changeSettings"),
  openPorts: invoke("openPorts"),
  chooseFiles: invoke("chooseFiles"),
  saveFileAs: invoke("saveFileAs"),
  openExternally: invoke("openExternally"),
  openRecordWindow: invoke("openRecordWindow"),
  openMailWindow: invoke("openMailWindow"),
  claimDraft: invoke("claimDraft"),
  releaseDraft: invoke("releaseDraft"),
  keepDraft: invoke("keepDraft"),
  showDraft: invoke("showDraft"),
  saveBytesAs: invoke("saveBytesAs"),
  saveFolderAs: invoke("saveFolderAs"),
  openLink: invoke("openLink"),
  ended: invoke("ended"),
  copyText: invoke("copyText"),
  pathOf: (file) => webUtils.getPathForFile(file),
  onSession: subscribe(ipcChannels.session),
  onSettings: subscribe(ipcChannels.settings),
  onCommand: subscribe(ipcChannels.command),
  platform: process.platform,
  version: __APP_VERSION__,
};

contextBridge.exposeInMainWorld("kontor", api);

// Ports cannot cross the bridge; a message of the window itself can carry them.
ipcRenderer.on(ipcChannels.ports, (event) => window.postMessage({ kontor: "ports" }, "*", [...event.ports]));
