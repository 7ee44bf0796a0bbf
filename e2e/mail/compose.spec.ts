// Writing mail as a person does it: without a network and through kill -9, with a second thought, for tomorrow, to all.
import { basename } from "node:path";
import type { Page } from "@playwright/test";
import {
  addCard,
  addRecipient,
  attachFile,
  beginMessage,
  composerOf,
  expectDraftSaved,
  toOf,
  writeText,
  writingOf,
} from "../walks/composer.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, listOf, paneOf, rowsOf, textOf } from "../walks/mailbox.ts";
import { expect, test } from "../walks/office.ts";
import { writeDocument } from "../walks/papers.ts";

const LONG_TEST_MS = 300_000; // two desktops on two busy cores

test.setTimeout(LONG_TEST_MS);

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
  await beginMessage(ivan.page);
  await addRecipient(ivan.page, "maria", /maria@/);
  await writeText(ivan.page, subject, "Мария, добрый день! Прикладываю правки.");
  await attachFile(ivan, paper);
  await addCard(ivan.page, "CTR-2026");
  await expectDraftSaved(ivan.page);
  await expect(composerOf(ivan.page).getByRole("button", { name: "Send when online" })).toBeVisible();
  await keepScreenInAllLooks(ivan.page, "compose-offline");
  await writingOf(ivan.page).click();
  await ivan.page.keyboard.press("Control+End");
  await ivan.page.keyboard.type(" До завтра.");
  // What shows the list is what the replica has: from there on a power cut loses nothing.
  await goToMail(ivan.page, "drafts");
  await expect(rowsOf(ivan.page, subject)).toContainText("До завтра.");
  await ivan.desktop.kill();

  const back = await sitDown("ivan", ivan);
  await goToMail(back.page, "drafts");
  await rowsOf(back.page, subject).click();
  await expect(writingOf(back.page)).toContainText("Прикладываю правки. До завтра.");
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
  await goToMail(maria.page, "inbox");
  await expect(rowsOf(maria.page, subject)).toHaveCount(1, arrival);
  await rowsOf(maria.page, subject).click();
  await expect(maria.page.frameLocator("iframe").getByText("Прикладываю правки. До завтра.")).toBeVisible(arrival);
  await expect(maria.page.getByText(basename(paper)).first()).toBeVisible();
  await keepScreenInAllLooks(maria.page, "compose-arrived");
  await goToMail(again.page, "sent");
  await expect(rowsOf(again.page, subject)).toHaveCount(1, arrival);
  await goToMail(again.page, "drafts");
  await expect(rowsOf(again.page, subject)).toHaveCount(0);
});

test("asks what one would regret, can be called back, waits until tomorrow, and answers everybody but oneself", async ({
  office,
  sitDown,
}) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);

  await test.step("recipients: offered by name, a pasted list is understood, keys do everything", async () => {
    await beginMessage(page);
    await page.keyboard.type("nobody at all");
    await page.keyboard.press("Control+Enter");
    await expect(composerOf(page).getByRole("alert")).toHaveText("This is no mail address: nobody at all");
    await toOf(page).fill("");
    await page.keyboard.press("Control+Enter");
    await expect(composerOf(page).getByRole("alert")).toHaveText("Say to whom it goes.");
    await addRecipient(page, "maria", /maria@/);
    await toOf(page).evaluate((input, list) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", list);
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, '"Lee, Ann" <ann@far.example>; bob@far.example,\nnot an address');
    await expect(composerOf(page).getByRole("group", { name: "Lee, Ann, ann@far.example, outside" })).toBeVisible();
    await expect(composerOf(page).getByRole("group", { name: "bob@far.example, outside" })).toBeVisible();
    await expect(toOf(page)).toHaveValue("not an address");
    await toOf(page).fill("");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Delete");
    await expect(composerOf(page).getByRole("group", { name: /Lee, Ann/ })).toHaveCount(0);
    await expect(composerOf(page).getByRole("group", { name: "bob@far.example, outside" })).toHaveCount(1);
  });

  const subject = `Расчёт ${Date.now()}`;
  await test.step("a forgotten file is asked for, and Back keeps the draft", async () => {
    await writeText(page, subject, "Добрый день! Расчёт во вложении.");
    await page.keyboard.press("Control+Enter");
    const dialog = page.getByRole("dialog", { name: "Send it like this?" });
    await expect(dialog).toContainText("The text speaks of an attachment, and there is none.");
    await keepScreenInAllLooks(page, "compose-forgotten");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Back to the text" }).click();
    await expect(writingOf(page)).toContainText("Расчёт во вложении.");
  });

  await test.step("a picture is pasted into the text, and stays in it through sending and calling back", async () => {
    await writingOf(page).click();
    await page.keyboard.press("Control+End");
    await writingOf(page).evaluate(async (editor) => {
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
    await expect(writingOf(page)).toContainText("Расчёт во вложении.");
    await expectPicture(page);
    await expect(bar).toBeHidden();
    await ivan.expectSaved();
    await goToMail(page, "sent");
    await expect(rowsOf(page, subject)).toHaveCount(0);
  });

  await test.step("it waits until tomorrow in the outbox", async () => {
    await goToMail(page, "drafts");
    await rowsOf(page, subject).click();
    await composerOf(page).getByRole("button", { name: "Later" }).click();
    await keepScreenInAllLooks(page, "compose-later");
    await page.getByRole("menuitem", { name: /^Tomorrow morning/ }).click();
    await page.getByRole("button", { name: "Send anyway" }).click();
    await expect(page.getByText("It will be sent", { exact: false })).toBeVisible();
    await ivan.expectSaved();
    await goToMail(page, "outbox");
    await expect(rowsOf(page, subject)).toHaveCount(1);
  });

  await test.step("there it is neither answered nor put away, and its time is changed in place", async () => {
    await rowsOf(page, subject).click();
    await expect(paneOf(page).getByRole("button", { name: "Do not send" })).toBeVisible();
    await expect(paneOf(page)).toContainText(/leaves .*0[89]:00/i);
    for (const name of ["Reply", "Forward", "Archive", "Snooze"])
      await expect(paneOf(page).getByRole("button", { name, exact: true })).toHaveCount(0);
    // When its picture is drawn, what stands below it moves, and a click would go past the button.
    const picture = textOf(page).locator("img");
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
    await paneOf(page).getByRole("button", { name: "Change the time" }).click();
    const dialog = page.getByRole("dialog", { name: "Send at another time" });
    await expect(dialog).toBeVisible();
    await keepScreenInAllLooks(page, "compose-change-time");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Day and time" }).click();
    await page.getByRole("spinbutton", { name: "Hours" }).fill("10");
    await page.getByRole("spinbutton", { name: "Minutes" }).fill("30");
    await page.getByRole("button", { name: "Done" }).click();
    await dialog.getByRole("button", { name: "Send at this time" }).click();
    await expect(paneOf(page)).toContainText(/leaves .*10:30/i);
    await ivan.expectSaved();
    await expect(paneOf(page)).toContainText(/leaves .*10:30/i);
  });

  await test.step("an answer to all goes to all but oneself, quotes what it answers, and a newsletter stays whole", async () => {
    await goToMail(page, "inbox");
    await rowsOf(page, "Негабарит до Екатеринбурга").click();
    await page.getByRole("button", { name: "Reply to all" }).click();
    await expect(composerOf(page).getByRole("group", { name: /Ольга Белова/ })).toBeVisible();
    await expect(composerOf(page).getByRole("group", { name: /ivan@/ })).toHaveCount(0);
    await expect(writingOf(page)).toBeFocused();
    await page.keyboard.type("Согласен.");
    await expect(writingOf(page)).toContainText("wrote:");
    await composerOf(page).getByRole("button", { name: "Show quoted text" }).click();
    await keepScreenInAllLooks(page, "compose-reply");
    await expectAccessible(page);
    await composerOf(page).getByRole("button", { name: "Close and keep the draft" }).click();
  });
});

async function expectPicture(page: Page): Promise<void> {
  const picture = writingOf(page).locator("img[data-cid]");
  await expect(picture).toHaveCount(1);
  // Drawn, and not only named. What else it is says where it went wrong: nothing to draw from, or nothing drawn from it.
  const drawn = () =>
    picture.evaluate((image) => {
      const { complete, currentSrc, naturalWidth } = image as HTMLImageElement;
      return { naturalWidth, complete, from: currentSrc };
    });
  await expect.poll(drawn).toMatchObject({ naturalWidth: 240 });
  await expect(picture).toHaveAttribute("width", "240");
}

test("what is put off says until when, wherever it stands, and the keys go on in the list", async ({
  office,
  sitDown,
}) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  const subject = `К утру ${Date.now()}`;
  await beginMessage(page);
  await addRecipient(page, "maria", /maria@/);
  await writeText(page, subject, "Доброе утро!");
  const later = () => composerOf(page).getByRole("button", { name: "Later" }).click();

  await test.step("a reminder that is chosen is ticked", async () => {
    await later();
    const inThreeDays = page.getByRole("menuitem", { name: /^In 3 days/ });
    const icons = await inThreeDays.locator("svg").count();
    await inThreeDays.click();
    await later();
    await expect(inThreeDays.locator("svg")).toHaveCount(icons + 1);
    await keepScreenInAllLooks(page, "compose-reminder");
  });

  await test.step("a day and a time are chosen by keys, and all of it has a name", async () => {
    await page.getByRole("menuitem", { name: /^Another time/ }).click();
    const dialog = page.getByRole("dialog", { name: "Send at another time" });
    await dialog.getByRole("button", { name: "Day and time" }).press("Enter");
    await expect(page.getByRole("spinbutton", { name: "Hours" })).toHaveValue("09");
    await expect(page.getByRole("button", { name: "Later" }).last()).toBeEnabled(); // the next month
    await keepScreenInAllLooks(page, "compose-moment");
    await expectAccessible(page);
    await page.getByRole("spinbutton", { name: "Minutes" }).fill("30");
    await page.getByRole("button", { name: "Done" }).click();
    await dialog.getByRole("button", { name: "Send at this time" }).click();
    await expect(page.getByText(/^It will be sent .+09:30/)).toBeVisible();
    await expect(composerOf(page)).toBeHidden();
    await expect(listOf(page)).toBeFocused();
  });

  await test.step("in the outbox, too", async () => {
    await goToMail(page, "outbox");
    await expect(rowsOf(page, subject)).toContainText(/leaves: .+09:30/);
    await expect(rowsOf(page, subject).getByLabel(/^Reminder: .+09:00/)).toBeVisible();
    await rowsOf(page, subject).click();
    await expect(paneOf(page).getByText(/Leaves at .+09:30/)).toBeVisible();
    await expect(paneOf(page).getByText(/You will be reminded of this: .+09:00/)).toBeVisible();
    await keepScreenInAllLooks(page, "compose-put-off");
    await paneOf(page).getByRole("button", { name: "Do not send" }).click();
    await expect(composerOf(page).getByLabel("Subject")).toHaveValue(subject);
  });
});
