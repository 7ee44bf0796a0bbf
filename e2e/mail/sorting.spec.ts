// Sorting mail, as a person does it: into folders by drag and by key, by labels, until later; without a network, too.
import type { Locator, Page } from "@playwright/test";
import { apiOf } from "../walks/administrator.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, mailboxOf, paneOf, read, rowsOf, textOf } from "../walks/mailbox.ts";
import { expect, test } from "../walks/office.ts";

const LONG_TEST_MS = 300_000; // two desktops on two busy cores

test.setTimeout(LONG_TEST_MS);

const foldersOf = (page: Page): Locator => page.getByRole("navigation", { name: "Folders" });

test("sorted into a folder by drag and by key, labelled, snoozed and brought back", async ({ office, sitDown }) => {
  const maria = await sitDown("maria");
  const { page } = maria;
  await maria.signIn(office.url);
  const subject = "Вопрос по счёту";
  const folders = foldersOf(page);
  const ownInbox = folders.getByRole("region", { name: "Мария Волкова" }).getByRole("button", { name: /^Inbox/ });
  await goToMail(page, "inbox");

  await test.step("a folder is made, and takes messages by drag", async () => {
    await page.getByRole("button", { name: "Show the folders" }).click();
    await folders.getByRole("button", { name: /^New folder in Мария/ }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Счета");
    await page.getByRole("dialog").getByRole("button", { name: "New folder" }).click();
    const folder = folders.getByRole("button", { name: /^Счета( \d+)?$/ });
    await expect(folder).toBeVisible();
    await ownInbox.click();
    await rowsOf(page, subject).dragTo(folder);
    await expect(page.getByText(/moved to “Счета”/i)).toBeVisible();
    await expect(rowsOf(page, subject)).toHaveCount(0);
    await folder.click();
    await expect(rowsOf(page, subject)).toHaveCount(1);
    await keepScreenInAllLooks(page, "mail-folders");
    await expectAccessible(page);
  });

  await test.step("and back by key", async () => {
    await read(page, subject);
    await page.keyboard.press("v");
    await expect(page.getByRole("dialog").getByRole("option", { name: /^Счета/ })).toBeDisabled(); // it lies there
    await keepScreenInAllLooks(page, "mail-move");
    await expectAccessible(page);
    await page.getByRole("dialog").getByLabel("Find a folder").fill("inb");
    await page.keyboard.press("Enter");
    await expect(rowsOf(page, subject)).toHaveCount(0);
    await ownInbox.click();
    await expect(rowsOf(page, subject)).toHaveCount(1);
  });

  await test.step("a folder goes to the trash with what is in it, and from there for good", async () => {
    const folder = folders.getByRole("button", { name: /^Счета( \d+)?$/ });
    const remove = async (words: string) => {
      await folder.hover();
      await folders.getByRole("button", { name: "Menu of the folder Счета" }).click();
      await page.getByRole("menuitem", { name: words }).click();
      await page.getByRole("dialog").getByRole("button", { name: words }).click();
      await expect(page.getByRole("dialog")).toBeHidden();
    };
    await remove("Delete the folder");
    await expect(folder).toHaveCSS("padding-left", "24px"); // it lies below the trash: only then is its menu another one
    await folder.hover();
    await folders.getByRole("button", { name: "Menu of the folder Счета" }).click();
    await expect(page.getByRole("menuitem", { name: "Delete for good" })).toBeVisible();
    await keepScreen(page, "mail-folder-menu");
    await page.keyboard.press("Escape");
    await remove("Delete for good");
    await expect(folder).toHaveCount(0);
  });

  await test.step("what went there with its folder is brought back or deleted for good, by button and by key", async () => {
    const mailbox = await mailboxOf(office.url, "maria");
    const api = await apiOf(office.url, "maria");
    const id = await mailbox.newFolder("2019");
    for (const lost of ["Old offer", "Old order"])
      await mailbox.importInto(id, `From: old@example.com\r\nSubject: ${lost}\r\n\r\nText\r\n`, "message/rfc822");
    await api("DELETE", `/mail/folders/${id}`);
    await goToMail(page, `f-${id}`);
    await expect(rowsOf(page, "Old")).toHaveCount(2, arrival);
    await read(page, "Old offer");
    const buttons = paneOf(page).getByRole("button");
    await expect(buttons.filter({ hasText: "To the inbox" })).toBeVisible();
    await expect(buttons.filter({ hasText: /^(Archive|Snooze)$/ })).toHaveCount(0);
    await buttons
      .and(page.getByLabel("More", { exact: true }))
      .first()
      .click();
    await expect(page.getByRole("menuitem", { name: "Delete for good" })).toBeVisible();
    await expect(page.getByRole("menuitem", { name: "Move to the trash" })).toHaveCount(0);
    await keepScreenInAllLooks(page, "mail-trashed-folder");
    await page.keyboard.press("Escape");
    await rowsOf(page, "Old offer").click();
    await page.keyboard.press("b"); // nothing to be reminded of: no dialog comes beside the next one
    await page.keyboard.press("Delete");
    await expect(page.getByRole("dialog")).toHaveCount(1);
    await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
    await expect(rowsOf(page, "Old offer")).toHaveCount(0);
    await read(page, "Old order");
    await buttons.filter({ hasText: "To the inbox" }).click();
    await expect(page.getByText("This folder is empty")).toBeVisible();
    await page.getByRole("button", { name: "Hide the folders" }).click();
    await goToMail(page, "inbox");
    await expect(rowsOf(page, "Old order")).toHaveCount(1);
  });

  await test.step("what is snoozed comes back at its moment, by itself and to be read", async () => {
    const mailbox = await mailboxOf(office.url, "maria");
    const api = await apiOf(office.url, "maria");
    const inboxId = mailbox.folderOf("inbox").id;
    const letter = `Напомнить о счёте ${Date.now()}`;
    await mailbox.importInto(inboxId, `From: old@example.com\r\nSubject: ${letter}\r\n\r\nText\r\n`, "message/rfc822");
    await goToMail(page, `f-${inboxId}`);
    await expect(rowsOf(page, letter)).toHaveCount(1, arrival);
    const { messages } = await api<{ messages: { id: string; subject: string }[] }>(
      "GET",
      `/mail/folders/${inboxId}/messages`,
    );
    const { id } = messages.find(({ subject: each }) => each === letter) ?? {};
    await api("PATCH", `/mail/messages/${id}`, { seen: true, snoozedUntil: inSeconds(25) });
    await expect(rowsOf(page, letter)).toHaveCount(0, arrival);
    await expect(rowsOf(page, letter)).toHaveCount(1, arrival);
    await expect(rowsOf(page, letter).getByRole("img", { name: "Unread" })).toBeVisible(arrival);
  });

  await test.step("labelled, snoozed, and back", async () => {
    await read(page, subject);
    await page.keyboard.press("l");
    await page.getByRole("dialog").getByRole("combobox").fill("К оплате");
    await page.keyboard.press("Enter");
    await expect(rowsOf(page, subject)).toContainText("К оплате");
    await page.keyboard.press("b");
    await keepScreenInAllLooks(page, "mail-snooze");
    await expectAccessible(page);
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Tomorrow morning/ }) // on Sundays there is no Monday besides
      .click();
    await expect(rowsOf(page, subject)).toHaveCount(0);
    await goToMail(page, "snoozed");
    await read(page, subject);
    await keepScreenInAllLooks(page, "mail-snoozed");
    await paneOf(page).getByRole("button", { name: "Back now" }).first().click();
    await expect(rowsOf(page, subject)).toHaveCount(0);
    await goToMail(page, "inbox");
    await expect(rowsOf(page, subject)).toHaveCount(1);
    await page.keyboard.press("/");
    await page.keyboard.type('label:"К оплате" счёт');
    const found = page.getByRole("listbox", { name: "Found messages" });
    await expect(found.getByRole("option").first()).toContainText(subject, arrival);
  });
  await maria.expectSaved();
});

test("sorted and read without a network, and the other one's desktop follows when there is one", async ({
  office,
  sitDown,
}) => {
  // Two people have one mailbox: what one does the other sees.
  const [maria, james] = [await sitDown("maria"), await sitDown("james")];
  await maria.signIn(office.url);
  await james.signIn(office.url);
  const subject = "Request for quotation";
  const sales = await mailboxOf(office.url, "james", "Aurora Sales");
  for (const { page } of [maria, james]) {
    await goToMail(page, `f-${sales.folderOf("inbox").id}`);
    await expect(rowsOf(page, subject)).toHaveCount(1, arrival);
  }
  await office.stop();
  await maria.expectOffline();
  await read(maria.page, subject);
  await expect(textOf(maria.page)).toContainText("claims statistics");
  await paneOf(maria.page)
    .getByRole("button", { name: /James|Assign|You answer/ })
    .click();
  await maria.page.getByRole("menuitem", { name: /\(you\)/ }).click();
  await expect(paneOf(maria.page).getByRole("button", { name: "You answer" })).toBeVisible();
  await maria.page.keyboard.press("b");
  await expect(maria.page.getByRole("dialog")).toContainText("nobody who reads Aurora Sales sees it");
  await keepScreenInAllLooks(maria.page, "mail-snooze-shared");
  await maria.page.keyboard.press("Escape");
  await maria.page.keyboard.press("e");
  await expect(rowsOf(maria.page, subject)).toHaveCount(0);
  await maria.page.getByRole("button", { name: /^Outbox/ }).click();
  await expect(maria.page.getByRole("region", { name: "Outbox" })).toContainText("Sorted a message");
  await keepScreenInAllLooks(maria.page, "mail-offline-outbox");
  await office.start();
  for (const member of [maria, james]) await member.tryNow();
  await maria.expectSaved();
  await expect(rowsOf(james.page, subject)).toHaveCount(0, arrival);
  await goToMail(james.page, `f-${sales.folderOf("archive").id}`);
  await expect(rowsOf(james.page, subject)).toHaveCount(1);
});

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();
