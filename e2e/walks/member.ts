// Somebody of the demo company before their desktop: what they do, in the interface's own words.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { expect, type Locator, type Page } from "@playwright/test";
import type { Desktop } from "../harness/electron.ts";

export type DemoLogin = "ivan" | "maria" | "anna" | "james" | "irina" | "anton";
export const demoPassword = "aurora-demo";

const SLOW_MS = 30_000; // what needs the server, LibreOffice or a start, on a small and busy machine

export interface Seat {
  readonly login: DemoLogin;
  readonly desktop: Desktop;
  readonly userData: string;
}

export type Member = ReturnType<typeof memberBefore>;

export function memberBefore(page: Page, seat: Seat) {
  const list = page.getByRole("listbox");
  const card = page.getByRole("region", { name: "Card" });
  const connection = page.getByTestId("connection");
  const field = (key: string) => card.locator(`[data-field="${key}"]`);
  const files = (label: string) => card.getByRole("region", { name: label });
  const file = (name: string) => page.getByTestId(`file-${name}`);

  async function giveAddress(address: string): Promise<void> {
    await page.getByLabel("Server address").fill(address);
    await page.getByRole("button", { name: "Continue" }).click();
  }

  async function givePassword(password: string, login: string = seat.login): Promise<void> {
    await page.getByLabel("User name").fill(login);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function signIn(address: string): Promise<void> {
    await giveAddress(address);
    await givePassword(demoPassword);
    await expectSaved();
  }

  /** Connected, filled, and nothing waits to be sent. */
  const expectSaved = () => expect(connection).toContainText("All saved", { timeout: SLOW_MS });
  const expectOffline = () => expect(connection).toContainText("Offline", { timeout: SLOW_MS });
  /** Does not wait for the next attempt; it may have been made meanwhile, and then the button is gone. */
  async function tryNow(): Promise<void> {
    await page.keyboard.press("Control+Shift+R");
  }

  async function chooseState(name: string): Promise<void> {
    await page
      .getByRole("group", { name: "States" })
      .getByRole("button", { name: new RegExp(`^${name}( ·|$)`) })
      .click();
  }

  /** Opens the card of the row that shows this text. */
  async function open(text: string): Promise<void> {
    await list.getByRole("option").filter({ hasText: text }).first().click();
    await expect(card.getByRole("heading", { level: 1 })).toBeVisible();
  }

  /** Opens the field's editor and types; nothing is saved yet. */
  async function typeInto(key: string, text: string): Promise<Locator> {
    await field(key).getByRole("button").last().click();
    const input = field(key).getByRole("textbox").first();
    await input.fill(text);
    return input;
  }

  async function edit(key: string, text: string): Promise<void> {
    const input = await typeInto(key, text);
    await input.press("Control+Enter"); // done in one line and in many
    await expect(input).toBeHidden();
    await expect(field(key)).toContainText(text);
  }

  /** By the button; the system's dialog is answered with this path. */
  async function attach(label: string, path: string): Promise<void> {
    await seat.desktop.electronApp.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
    }, path);
    await files(label)
      .getByRole("button", { name: /^Add files/ })
      .click();
    await expect(file(basename(path))).toBeVisible();
  }

  /** By dragging a file over the section. */
  async function drop(label: string, path: string): Promise<void> {
    const dataTransfer = await page.evaluateHandle(
      ({ name, bytes }) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(bytes)], name));
        return transfer;
      },
      { name: basename(path), bytes: [...(await readFile(path))] },
    );
    await files(label).dispatchEvent("dragover", { dataTransfer });
    await expect(files(label).getByText("Drop to add here")).toBeVisible();
    await files(label).dispatchEvent("drop", { dataTransfer });
    await expect(file(basename(path))).toBeVisible();
  }

  const expectPreview = (name: string) => expect(file(name)).toContainText("preview ready", { timeout: 2 * SLOW_MS });

  /** After the server ended the session: only the password is asked, and nothing on the screen was lost. */
  async function signInAgain(): Promise<void> {
    await connection.getByRole("button", { name: "sign in" }).click();
    const dialog = page.getByRole("dialog");
    await dialog
      .getByLabel(/^Password/)
      .first()
      .fill(demoPassword);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await expect(dialog).toBeHidden({ timeout: SLOW_MS });
  }

  /** The whole window is locked: it asks for the password, and then shows what it showed. */
  async function unlock(): Promise<void> {
    await page
      .getByLabel(/^Password/)
      .first()
      .fill(demoPassword);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function signOut(): Promise<void> {
    await page.getByRole("button", { name: /^Menu of/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
  }

  return {
    ...seat,
    page,
    list,
    card,
    connection,
    field,
    file,
    files,
    giveAddress,
    givePassword,
    signIn,
    signOut,
    signInAgain,
    unlock,
    expectSaved,
    expectOffline,
    tryNow,
    chooseState,
    open,
    typeInto,
    edit,
    attach,
    drop,
    expectPreview,
  };
}
