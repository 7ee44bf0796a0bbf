import { ipcMain, type IpcMainInvokeEvent, type WebContents } from "electron";
import { z } from "zod";
import { localeSchema } from "@kontor/shared/base";
import { ipcChannels, type DesktopApi } from "#contract";
import { APP_ORIGIN } from "./app.protocol.ts";

/** What the preload script answers by itself. */
type Local = "pathOf" | "onSession" | "onSettings" | "onCommand" | "platform" | "version";
type Remote = Exclude<keyof DesktopApi, Local>;

/** Each call's arguments are parsed: a window is the least trusted part of the app. */
const id = z.uuid();
const name = z.string().min(1).max(255);
const calls = {
  session: z.tuple([]),
  checkServer: z.tuple([z.string().max(2000)]),
  signIn: z.tuple([
    z.object({ url: z.string().max(2000), login: z.string().max(200), password: z.string().max(1024) }),
  ]),
  signOut: z.tuple([z.object({ erase: z.boolean() })]),
  unlock: z.tuple([z.object({ passphrase: z.string().max(1024) })]),
  settings: z.tuple([]),
  changeSettings: z.tuple([
    z.object({
      locale: z.union([localeSchema, z.literal("system")]).optional(),
      theme: z.enum(["light", "dark", "system"]).optional(),
      contrast: z.enum(["normal", "high"]).optional(),
      listWidth: z.number().optional(),
      sideWidth: z.number().optional(),
      mailListWidth: z.number().optional(),
      mailFolders: z.boolean().optional(),
      notices: z.boolean().optional(),
    }),
  ]),
  openPorts: z.tuple([]),
  chooseFiles: z.tuple([]),
  saveFileAs: z.tuple([z.object({ fileId: id, name })]),
  openExternally: z.tuple([z.object({ fileId: id, name })]),
  openRecordWindow: z.tuple([id]),
  openMailWindow: z.tuple([z.object({ kind: z.enum(["draft", "thread"]), id })]),
  claimDraft: z.tuple([z.object({ id, token: id })]),
  releaseDraft: z.tuple([z.object({ id, token: id })]),
  keepDraft: z.tuple([id]),
  showDraft: z.tuple([id]),
  saveBytesAs: z.tuple([z.object({ name, bytes: z.instanceof(Uint8Array) })]),
  saveFolderAs: z.tuple([z.object({ folderId: id, name })]),
  openLink: z.tuple([z.url({ protocol: /^(?:https?|mailto|tel)$/ })]),
  ended: z.tuple([]),
  copyText: z.tuple([z.string().max(1_000_000)]),
} satisfies Record<Remote, z.ZodType>;

export type IpcHandlers = {
  readonly [Name in Remote]: (
    sender: WebContents,
    ...args: z.output<(typeof calls)[Name]>
  ) => Awaited<ReturnType<DesktopApi[Name]>> | ReturnType<DesktopApi[Name]>;
};

export function serveIpc(handlers: IpcHandlers): void {
  ipcMain.handle(ipcChannels.invoke, async (event, call: unknown, args: unknown) => {
    if (!isOurs(event)) throw new Error("This page may not call the app.");
    if (typeof call !== "string" || !Object.hasOwn(calls, call)) throw new Error(`There is no call ${String(call)}.`);
    const parsed = calls[call as Remote].parse(args);
    const handler = handlers[call as Remote] as (sender: WebContents, ...args: unknown[]) => unknown;
    return handler(event.sender, ...parsed);
  });
}

/** Our own interface, in the window's own frame: not an embedded one, and not a page that took our window. */
function isOurs(event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame.parent === null && frame.url.startsWith(`${APP_ORIGIN}/`);
}
