// Writing mail as a person does it: without a network and through kill -9, with a second thought, for tomorrow, to all.
import { basename } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../walks/office.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import type { Member } from "../walks/member.ts";
import { writeDocument } from "../walks/papers.ts";

const LONG_TEST_MS = 300_000; // two desktops on two busy cores
const ARRIVAL = { timeout: 60_000 };

test.setTimeout(LONG_TEST_MS);

const composerOf = (page: Page): Locator => page.getByRole("region", { name: "Message being written" });
const textOf = (page: Page): Locator => composerOf(page).getByRole("textbox", { name: "Text of the message" });
const saved = (page: Page) =>
  expect(composerOf(page)).toContainText(/draft saved on (all devices|this computer)/, ARRIVAL);

async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash;
  }, `#/mail/${place}`);
  await expect(page.getByRole("button", { name: "Write" })).toBeVisible();
}

async function begin(page: Page): Promise<void> {
  await goTo(page, "inbox");
  await page.getByRole("button", { name: "Write" }).click();
  await expect(composerOf(page).getByRole("combobox", { name: "To", exact: true }).or(to(page))).toBeFocused();
}

const to = (page: Page): Locator => composerOf(page).getByLabel("To", { exact: true });

/** By typing the beginning of a name and taking what is offered. */
async function addRecipient(page: Page, typed: string, shown: string | RegExp): Promise<void> {
  await to(page).pressSequentially(typed);
  await expect(page.getByRole("option", { name: shown }).first()).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(to(page)).toHaveValue("");
}

async function write(page: Page, subject: string, text: string): Promise<void> {
  await composerOf(page).getByLabel("Subject").fill(subject);
  await textOf(page).click();
  await page.keyboard.type(text);
}

const rows = (page: Page, subject: string): Locator => page.getByRole("option").filter({ hasText: subject });

async function attach(member: Member, path: string): Promise<void> {
  await member.desktop.electronApp.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
  }, path);
  await composerOf(member.page).getByRole("button", { name: "File or card" }).click();
  await member.page.getByRole("menuitem", { name: /^Files from/ }).click();
  await expect(composerOf(member.page).getByText(basename(path))).toBeVisible();
}

async function addCard(page: Page, search: string): Promise<string> {
  await composerOf(page).getByRole("button", { name: "File or card" }).click();
  await page.getByRole("menuitem", { name: /^Card of a record/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Find a record").fill(search);
  await dialog.getByRole("listitem").filter({ hasText: search }).first().getByRole("button").click();
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog).toBeHidden();
  return search;
}

test("written offline with a file and a card, it survives kill -9, and leaves once when there is a network", async ({
  office,
  sitDown,
  userData,
}) => {
  const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
  await ivan.signIn(office.url);
  await maria.signIn(office.url);
  await office.stop();
  await ivan.expectOffline();

  const subject = `Правки к договору ${Date.now()}`;
  const paper = await writeDocument(userData, "Правки.docx");
  await begin(ivan.page);
  await addRecipient(ivan.page, "maria", /maria@/);
  await write(ivan.page, subject, "Мария, добрый день! Прикладываю правки.");
  await attach(ivan, paper);
  await addCard(ivan.page, "CTR-2026");
  await saved(ivan.page);
  await expect(composerOf(ivan.page).getByRole("button", { name: "Send when online" })).toBeVisible();
  await keepScreenInAllLooks(ivan.page, "compose-offline");
  await textOf(ivan.page).click();
  await ivan.page.keyboard.press("Control+End");
  await ivan.page.keyboard.type(" До завтра.");
  // What shows the list is what the replica has: from there on a power cut loses nothing.
  await goTo(ivan.page, "drafts");
  await expect(rows(ivan.page, subject)).toContainText("До завтра.");
  await ivan.desktop.kill();

  const back = await sitDown("ivan", ivan);
  await goTo(back.page, "drafts");
  await rows(back.page, subject).click();
  await expect(textOf(back.page)).toContainText("Прикладываю правки. До завтра.");
  await expect(composerOf(back.page).getByText(basename(paper))).toBeVisible();
  await expect(composerOf(back.page).getByText("CTR-2026")).toBeVisible();
  await composerOf(back.page).getByRole("button", { name: "Send when online" }).click();
  await expect(composerOf(back.page)).toBeHidden();
  await expect(back.page.getByRole("status").filter({ hasText: subject })).toContainText("Goes out when online");
  await keepScreen(back.page, "compose-undo-offline");
  await back.desktop.kill();

  await office.start();
  const again = await sitDown("ivan", back);
  await again.expectSaved();
  await maria.tryNow();
  await goTo(maria.page, "inbox");
  await expect(rows(maria.page, subject)).toHaveCount(1, ARRIVAL);
  await rows(maria.page, subject).click();
  await expect(maria.page.frameLocator("iframe").getByText("Прикладываю правки. До завтра.")).toBeVisible(ARRIVAL);
  await expect(maria.page.getByText(basename(paper)).first()).toBeVisible();
  await keepScreenInAllLooks(maria.page, "compose-arrived");
  await goTo(again.page, "sent");
  await expect(rows(again.page, subject)).toHaveCount(1, ARRIVAL);
  await goTo(again.page, "drafts");
  await expect(rows(again.page, subject)).toHaveCount(0);
});

test("asks what one would regret, can be called back, waits until tomorrow, and answers everybody but oneself", async ({
  office,
  sitDown,
}) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);

  await test.step("recipients: offered by name, a pasted list is understood, keys do everything", async () => {
    await begin(page);
    await page.keyboard.type("nobody at all");
    await page.keyboard.press("Control+Enter");
    await expect(composerOf(page).getByRole("alert")).toHaveText("This is no mail address: nobody at all");
    await to(page).fill("");
    await page.keyboard.press("Control+Enter");
    await expect(composerOf(page).getByRole("alert")).toHaveText("Say to whom it goes.");
    await addRecipient(page, "maria", /maria@/);
    await to(page).evaluate((input, list) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", list);
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, '"Lee, Ann" <ann@far.example>; bob@far.example,\nnot an address');
    await expect(composerOf(page).getByRole("group", { name: "Lee, Ann, ann@far.example, outside" })).toBeVisible();
    await expect(composerOf(page).getByRole("group", { name: "bob@far.example, outside" })).toBeVisible();
    await expect(to(page)).toHaveValue("not an address");
    await to(page).fill("");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Delete");
    await expect(composerOf(page).getByRole("group", { name: /Lee, Ann/ })).toHaveCount(0);
    await expect(composerOf(page).getByRole("group", { name: "bob@far.example, outside" })).toHaveCount(1);
  });

  const subject = `Расчёт ${Date.now()}`;
  await test.step("a forgotten file is asked for, and Back keeps the draft", async () => {
    await write(page, subject, "Добрый день! Расчёт во вложении.");
    await page.keyboard.press("Control+Enter");
    const dialog = page.getByRole("dialog", { name: "Send it like this?" });
    await expect(dialog).toContainText("The text speaks of an attachment, and there is none.");
    await keepScreenInAllLooks(page, "compose-forgotten");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Back to the text" }).click();
    await expect(textOf(page)).toContainText("Расчёт во вложении.");
  });

  await test.step("a picture is pasted into the text, and stays in it through sending and calling back", async () => {
    await textOf(page).click();
    await page.keyboard.press("Control+End");
    await textOf(page).evaluate(async (editor) => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [240, 90];
      const pen = canvas.getContext("2d");
      pen?.fillRect(20, 20, 60, 50);
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([blob ?? ""], "plan.png", { type: "image/png" }));
      editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    await expectPicture(page);
    await page.keyboard.press("Control+Enter");
    await page.getByRole("button", { name: "Send anyway" }).click();
    await expect(composerOf(page)).toBeHidden();
    const bar = page.getByRole("status").filter({ hasText: subject });
    await keepScreen(page, "compose-undo");
    await bar.getByRole("button", { name: "Undo" }).click();
    await expect(textOf(page)).toContainText("Расчёт во вложении.");
    await expectPicture(page);
    await expect(bar).toBeHidden();
    await ivan.expectSaved();
    await goTo(page, "sent");
    await expect(rows(page, subject)).toHaveCount(0);
  });

  await test.step("it waits until tomorrow in the outbox", async () => {
    await goTo(page, "drafts");
    await rows(page, subject).click();
    await composerOf(page).getByRole("button", { name: "Later" }).click();
    await keepScreenInAllLooks(page, "compose-later");
    await page.getByRole("menuitem", { name: /^Tomorrow morning/ }).click();
    await page.getByRole("button", { name: "Send anyway" }).click();
    await expect(page.getByText("It will be sent", { exact: false })).toBeVisible();
    await ivan.expectSaved();
    await goTo(page, "outbox");
    await expect(rows(page, subject)).toHaveCount(1);
  });

  await test.step("an answer to all goes to all but oneself, quotes what it answers, and a newsletter stays whole", async () => {
    await goTo(page, "inbox");
    await rows(page, "Негабарит до Екатеринбурга").click();
    await page.getByRole("button", { name: "Reply to all" }).click();
    await expect(composerOf(page).getByRole("group", { name: /Ольга Белова/ })).toBeVisible();
    await expect(composerOf(page).getByRole("group", { name: /ivan@/ })).toHaveCount(0);
    await expect(textOf(page)).toBeFocused();
    await page.keyboard.type("Согласен.");
    await expect(textOf(page)).toContainText("wrote:");
    await composerOf(page).getByRole("button", { name: "Show quoted text" }).click();
    await keepScreenInAllLooks(page, "compose-reply");
    await expectAccessible(page);
    await composerOf(page).getByRole("button", { name: "Close and keep the draft" }).click();
  });
});

async function expectPicture(page: Page): Promise<void> {
  const picture = textOf(page).locator("img[data-cid]");
  await expect(picture).toHaveCount(1);
  // Drawn, and not only named.
  await expect.poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(240);
}
