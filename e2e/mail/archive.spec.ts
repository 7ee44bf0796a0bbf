// Mail out of Kontor and into it, from a folder's menu: as an archive that any mail program reads.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, listOf, mailboxOf } from "../walks/mailbox.ts";
import type { Member } from "../walks/member.ts";
import { expect, test } from "../walks/office.ts";

test.setTimeout(240_000); // two desktops on two busy cores

async function menuOf(page: Page, mailbox: string, folder: string): Promise<Locator> {
  const show = page.getByRole("button", { name: "Show the folders" });
  if (await show.isVisible()) await show.click();
  const region = page.getByRole("navigation", { name: "Folders" }).getByRole("region", { name: mailbox });
  await region.getByRole("button", { name: new RegExp(`^${folder}( \\d+)?$`) }).hover();
  await region.getByRole("button", { name: `Menu of the folder ${folder}` }).click();
  return page.getByRole("menu");
}

const answerSaving = ({ desktop }: Member, filePath: string) =>
  desktop.electronApp.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: chosen });
  }, filePath);
const answerOpening = ({ desktop }: Member, filePath: string) =>
  desktop.electronApp.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
  }, filePath);

test("a folder is saved as an archive, and somebody else reads it into theirs, once", async ({
  office,
  sitDown,
  userData,
}) => {
  const file = join(userData, "inbox.mbox");
  const [james, irina] = [await sitDown("james"), await sitDown("irina")];
  await james.signIn(office.url);
  await goToMail(james.page, "inbox");
  await answerSaving(james, file);
  const menu = await menuOf(james.page, "James Carter", "Inbox");
  await keepScreenInAllLooks(james.page, "mail-folder-menu");
  await menu.getByRole("menuitem", { name: "Save all messages (.mbox)" }).click();
  await expect(james.page.getByText("Saved: Inbox.mbox")).toBeVisible(arrival);
  const count = (await readFile(file, "utf8")).match(/^From /gm)?.length ?? 0;
  expect(count).toBeGreaterThan(0);

  const folderId = await (await mailboxOf(office.url, "irina")).newFolder("Old mail");
  await irina.signIn(office.url);
  await goToMail(irina.page, `f-${folderId}`);
  await answerOpening(irina, file);
  for (const said of [
    new RegExp(`^${count} messages? imported\\.$`),
    /^0 messages imported, \d+ w(?:as|ere) here already\.$/,
  ]) {
    const again = await menuOf(irina.page, "Ирина", "Old mail");
    await again.getByRole("menuitem", { name: "Import messages (.eml, .mbox)" }).click();
    await expect(irina.page.getByText(said)).toBeVisible(arrival);
  }
  await irina.expectSaved();
  await expect(listOf(irina.page).getByRole("option").first()).toBeVisible();

  await test.step("without a network it says that this needs the server", async () => {
    await office.stop();
    await james.expectOffline();
    const offline = await menuOf(james.page, "James Carter", "Inbox");
    await offline.getByRole("menuitem", { name: "Save all messages (.mbox)" }).click();
    await expect(james.page.getByText("This needs the server")).toBeVisible(arrival);
    await office.start();
  });
});
