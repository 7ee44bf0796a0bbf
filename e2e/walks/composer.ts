// Writing mail in the desktop's window, in the interface's own words.
import { basename } from "node:path";
import { expect, type Locator, type Page } from "@playwright/test";
import { arrival, goToMail } from "./mailbox.ts";
import type { Member } from "./member.ts";

export const composerOf = (page: Page): Locator => page.getByRole("region", { name: "Message being written" });
export const writingOf = (page: Page): Locator =>
  composerOf(page).getByRole("textbox", { name: "Text of the message" });
export const toOf = (page: Page): Locator => composerOf(page).getByLabel("To", { exact: true });
export const undoBarOf = (page: Page, subject: string): Locator =>
  page.getByRole("status").filter({ hasText: subject });

export const expectDraftSaved = (page: Page) =>
  expect(composerOf(page)).toContainText(/draft saved on (all devices|this computer)/, arrival);

export async function beginMessage(page: Page): Promise<void> {
  await goToMail(page, "inbox");
  await page.getByRole("button", { name: "Write" }).click();
  await expect(toOf(page)).toBeFocused();
}

/** By typing the beginning of a name and taking what is offered. */
export async function addRecipient(page: Page, typed: string, shown: string | RegExp): Promise<void> {
  await toOf(page).pressSequentially(typed);
  await expect(page.getByRole("option", { name: shown }).first()).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(toOf(page)).toHaveValue("");
}

/** Somebody who is in no list, by their address. */
export async function addCopy(page: Page, address: string): Promise<void> {
  const more = composerOf(page).getByRole("button", { name: "Cc, Bcc" });
  if (await more.isVisible()) await more.click();
  await composerOf(page).getByLabel("Cc", { exact: true }).fill(address);
  await page.keyboard.press("Enter");
  await expect(composerOf(page).getByRole("group", { name: new RegExp(`${address}, outside`) })).toBeVisible();
}

export async function writeText(page: Page, subject: string, text: string): Promise<void> {
  await composerOf(page).getByLabel("Subject").fill(subject);
  await writingOf(page).click();
  await page.keyboard.type(text);
}

/** By the button; the system's dialog is answered with this path. */
export async function attachFile({ desktop, page }: Member, path: string): Promise<void> {
  await desktop.electronApp.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
  }, path);
  await composerOf(page).getByRole("button", { name: "File or card" }).click();
  await page.getByRole("menuitem", { name: /^Files from/ }).click();
  await expect(composerOf(page).getByText(basename(path))).toBeVisible();
}

/** The first record that is found by these words. */
export async function addCard(page: Page, search: string): Promise<void> {
  await composerOf(page).getByRole("button", { name: "File or card" }).click();
  await page.getByRole("menuitem", { name: /^Card of a record/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Find a record").fill(search);
  await dialog.getByRole("option").filter({ hasText: search }).first().click();
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog).toBeHidden();
}

export async function pressSend(page: Page, name: "Send" | "Send when online"): Promise<void> {
  await composerOf(page).getByRole("button", { name, exact: true }).click();
  await expect(composerOf(page)).toBeHidden();
}
