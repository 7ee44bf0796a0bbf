// Writing, beyond the first letter: two people in one draft, another sender, a template, sending on, from a record and its files,
// in a window of its own; and contacts that come from other programs and go there.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import {
  addRecipient,
  beginMessage,
  composerOf,
  expectDraftSaved,
  pressSend,
  toOf,
  undoBarOf,
  writeText,
  writingOf,
} from "../walks/composer.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, paneOf, read, rowsOf, textOf } from "../walks/mailbox.ts";
import { expect, test } from "../walks/office.ts";
import { writeDocument } from "../walks/papers.ts";

const LONG_TEST_MS = 300_000; // two desktops on two busy cores

test.setTimeout(LONG_TEST_MS);

const goTo = (page: Page, hash: string) =>
  page.evaluate((next) => {
    window.location.hash = next;
  }, hash);

/** Makes a signature or a template in the settings. */
async function makeBlock(page: Page, kind: "signature" | "template", name: string, text: string): Promise<void> {
  await goTo(page, `#/mailSettings/${kind}s`);
  await page.getByRole("button", { name: `New ${kind}` }).click();
  const dialog = page.getByRole("dialog", { name: new RegExp(kind, "i") });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("textbox", { name: "Text of the message" }).click();
  await page.keyboard.type(text);
}
const saveBlock = (page: Page) => page.getByRole("dialog").getByRole("button", { name: "Save" }).click();

test("[DRF-3] two desktops write in one draft, and no keystroke of either is lost", async ({ office, sitDown }) => {
  // Who has no signature: a draft of hers is what she wrote.
  const first = await sitDown("irina");
  const second = await sitDown("irina", { userData: `${first.userData}-second` });
  await first.signIn(office.url);
  await second.signIn(office.url);
  const subject = `Вдвоём ${Date.now()}`;
  await beginMessage(first.page);
  await writeText(first.page, subject, "Начало.");
  await expectDraftSaved(first.page);
  await first.expectSaved();
  for (const { page } of [first, second]) {
    await goToMail(page, "drafts");
    await rowsOf(page, subject).click({ timeout: arrival.timeout });
    await expect(writingOf(page)).toHaveText("Начало.", arrival);
  }

  await test.step("what one writes is seen by the other, under the cursor", async () => {
    await writingOf(first.page).click();
    await first.page.keyboard.press("Control+End");
    await first.page.keyboard.type(" Первый.");
    await expect(writingOf(second.page)).toHaveText("Начало. Первый.", arrival);
    await second.expectSaved();
  });

  await test.step("both without a network: the second one's text is kept beside the first one's, and said", async () => {
    await office.stop();
    await first.expectOffline();
    await second.expectOffline();
    await writingOf(first.page).click();
    await first.page.keyboard.press("Control+End");
    await first.page.keyboard.type(" Здесь.");
    await expect(rowsOf(first.page, subject)).toContainText("Здесь.", arrival);
    await writingOf(second.page).click();
    await second.page.keyboard.press("Control+End");
    await second.page.keyboard.type(" Там.");
    await expect(rowsOf(second.page, subject)).toContainText("Там.", arrival);
    await second.desktop.close();
    await office.start();
    await first.tryNow();
    await first.expectSaved();
    const back = await sitDown("irina", second);
    await back.expectSaved();
    await goToMail(back.page, "drafts");
    await expect(rowsOf(back.page, subject)).toHaveCount(2, arrival);
    await rowsOf(back.page, "Здесь.").click();
    await expect(writingOf(back.page)).toHaveText("Начало. Первый. Здесь.", arrival);
    await expect(composerOf(back.page).getByRole("alert")).toContainText("what you wrote is kept beside it");
    await keepScreenInAllLooks(back.page, "writing-both-kept");
    await expectAccessible(back.page);
    await rowsOf(back.page, "Там.").click();
    await expect(writingOf(back.page)).toHaveText("Начало. Первый. Там.", arrival);
    await expect(writingOf(first.page)).toHaveText("Начало. Первый. Здесь.");
  });
});

test("a message that was refused is marked among the drafts and says why, until its address is mended", async ({
  office,
  sitDown,
}) => {
  const irina = await sitDown("irina");
  const { page } = irina;
  await irina.signIn(office.url);
  const [subject, nobody] = [`Refused ${Date.now()}`, "nobody.at.all@aurora.example"];
  await beginMessage(page);
  await toOf(page).fill(nobody);
  await page.keyboard.press("Enter");
  await writeText(page, subject, "Hello.");
  await pressSend(page, "Send");
  await goToMail(page, "drafts");
  await expect(rowsOf(page, subject)).toContainText("not sent", arrival);
  await rowsOf(page, subject).click();
  const notice = composerOf(page).getByRole("alert").filter({ hasText: nobody });
  await expect(notice).toBeVisible();
  await keepScreenInAllLooks(page, "mail-refused-draft");
  await toOf(page).focus();
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Delete");
  await expect(notice).toBeHidden();
  await addRecipient(page, "James", /James/);
  await pressSend(page, "Send");
  await expect(rowsOf(page, subject)).toHaveCount(0);
  await goToMail(page, "sent");
  await expect(rowsOf(page, subject)).toHaveCount(1, arrival);
  await goTo(page, "#/issues");
  await expect(page.getByRole("article", { name: subject })).toHaveCount(0);
});

test("another sender brings another signature, a template writes, and it goes on from a window of its own", async ({
  office,
  sitDown,
}) => {
  const maria = await sitDown("maria");
  const { page } = maria;
  await maria.signIn(office.url);
  const stamp = Date.now();

  await test.step("two signatures and a template", async () => {
    await makeBlock(page, "signature", "Own", `Best regards, Maria ${stamp}`);
    await saveBlock(page);
    await makeBlock(page, "signature", "Team", `The whole team ${stamp}`);
    const dialog = page.getByRole("dialog", { name: "Signature" });
    await dialog.locator(".mantine-MultiSelect-input").click();
    await page.getByRole("option").last().click(); // her own mailbox comes first
    await page.keyboard.press("Escape");
    await saveBlock(page);
    await makeBlock(page, "template", "Thanks", "Thank you for your order.");
    await page.getByRole("dialog").getByLabel("Subject").fill(`Your order ${stamp}`);
    await keepScreenInAllLooks(page, "writing-template");
    await expectAccessible(page);
    await saveBlock(page);
    await expect(page.getByRole("button", { name: /Thanks.*Thank you for your order/ })).toBeVisible();
  });

  await test.step("the signature follows the sender, as long as nobody touched it", async () => {
    await beginMessage(page);
    await expect(writingOf(page)).toContainText(`Best regards, Maria ${stamp}`);
    await writingOf(page).press("Control+Home");
    await page.keyboard.type("Hello");
    const from = composerOf(page).getByLabel("From");
    const own = await from.inputValue();
    const other = await from
      .locator("option")
      .evaluateAll(
        (options, current) =>
          options.map((each) => (each as HTMLOptionElement).value).filter((value) => value !== current),
        own,
      );
    // The one that has the other signature is among the senders; the others have none.
    for (const value of other) {
      await from.selectOption(value);
      await expect(writingOf(page)).not.toContainText("Best regards, Maria");
      if ((await writingOf(page).innerText()).includes("The whole team")) break;
    }
    await expect(writingOf(page)).toContainText(`The whole team ${stamp}`);
    await expect(writingOf(page)).toContainText("Hello");
    await keepScreenInAllLooks(page, "writing-signature");
    await from.selectOption(own);
    await expect(writingOf(page)).toContainText(`Best regards, Maria ${stamp}`);
    await expect(writingOf(page)).not.toContainText("The whole team");
    await writingOf(page).press("Control+End");
    await page.keyboard.type(", with love");
    await from.selectOption(other[0] ?? "");
    await expect(writingOf(page)).toContainText(`Best regards, Maria ${stamp}, with love`);
    await from.selectOption(own);
  });

  await test.step("a template brings its text and its subject", async () => {
    await writingOf(page).press("Control+Home");
    await composerOf(page).getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Thanks" }).click();
    await expect(writingOf(page)).toContainText("Thank you for your order.");
    await expect(composerOf(page).getByLabel("Subject")).toHaveValue(`Your order ${stamp}`);
    await expectDraftSaved(page);
  });

  await test.step("it is written on and sent in a window of its own", async () => {
    const opening = maria.desktop.electronApp.waitForEvent("window");
    await composerOf(page).getByRole("button", { name: "Open in its own window" }).click();
    const own = await opening;
    await expect(composerOf(page)).toBeHidden();
    await expect(writingOf(own)).toContainText("Thank you for your order.", arrival);
    await addRecipient(own, "ivan", /ivan@/);
    await keepScreenInAllLooks(own, "writing-own-window");
    await expectAccessible(own);
    // A page of the stand-in cannot close its window: that it asks for it is heard, there and on Electron.
    await own.evaluate(() => {
      window.close = () => void (document.documentElement.dataset["closed"] = "yes");
    });
    await composerOf(own).getByRole("button", { name: "Send", exact: true }).click();
    await expect(own.locator("html")).toHaveAttribute("data-closed", "yes");
    await own.close();
    await expect(undoBarOf(page, `Your order ${stamp}`)).toBeVisible(arrival);
    await undoBarOf(page, `Your order ${stamp}`).getByRole("button", { name: "Undo" }).click();
    await expect(writingOf(page)).toContainText("Thank you for your order.", arrival);
    await pressSend(page, "Send");
    await goToMail(page, "sent");
    await expect(rowsOf(page, `Your order ${stamp}`)).toHaveCount(1, arrival);
  });
});

test("[HLD-1] [HLD-2] a draft is written in one window of a desktop, and goes from one to the other with every keystroke", async ({
  office,
  sitDown,
}) => {
  const irina = await sitDown("irina");
  const { page } = irina;
  await irina.signIn(office.url);
  const subject = `В одном окне ${Date.now()}`;
  await beginMessage(page);
  await writeText(page, subject, "Начало.");
  await expectDraftSaved(page);
  await office.stop();
  await irina.expectOffline();
  await goToMail(page, "drafts");
  await rowsOf(page, subject).click({ timeout: arrival.timeout });
  await writingOf(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" Здесь.");

  const opening = irina.desktop.electronApp.waitForEvent("window");
  await rowsOf(page, subject).dblclick();
  const own = await opening;
  await expect(writingOf(own)).toHaveText("Начало. Здесь.", arrival);
  await expect(page.getByText("You are writing this in another window")).toBeVisible();
  await expect(composerOf(page)).toBeHidden();
  await keepScreenInAllLooks(page, "writing-elsewhere");
  await expectAccessible(page);

  await test.step("asked for again, that window comes to the front", async () => {
    const windows = () => irina.desktop.electronApp.windows().length;
    const before = windows();
    await page.bringToFront();
    await page.getByRole("button", { name: "Go to that window" }).press("Enter");
    await expect.poll(() => own.evaluate(() => document.hasFocus())).toBe(true);
    await rowsOf(page, subject).dblclick();
    await expect.poll(() => own.evaluate(() => document.hasFocus())).toBe(true);
    expect(windows()).toBe(before);
  });

  await test.step("with its window closed it is written on where it is read", async () => {
    await writingOf(own).click();
    await own.keyboard.press("Control+End");
    await own.keyboard.type(" Там.");
    await expectDraftSaved(own);
    await expect(rowsOf(page, subject)).toContainText("Там.", arrival);
    await own.close();
    await expect(writingOf(page)).toHaveText("Начало. Здесь. Там.", arrival);
    await writingOf(page).click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" Снова здесь.");
    await office.start();
    await irina.tryNow();
    await irina.expectSaved();
    await expect(rowsOf(page, subject)).toHaveCount(1);
    await expect(rowsOf(page, subject)).toContainText("Снова здесь.");
  });
});

test("mail is forwarded with what hangs in it, and redirected as it was", async ({ office, sitDown }) => {
  const [maria, james] = [await sitDown("maria"), await sitDown("james")];
  await maria.signIn(office.url);
  await james.signIn(office.url);
  const { page } = maria;
  await goToMail(page, "inbox");

  await test.step("forwarded: in a new conversation, with its text and its files", async () => {
    const source = "Договор CTR-2025-0005";
    await read(page, source);
    await paneOf(page).getByRole("button", { name: "Forward", exact: true }).click();
    await expect(composerOf(page).getByLabel("Subject")).toHaveValue(/^Fwd: /);
    await addRecipient(page, "james", /james@/);
    await composerOf(page).getByRole("button", { name: "Show quoted text" }).click();
    await keepScreenInAllLooks(page, "writing-forward");
    await expectAccessible(page);
    await writingOf(page).press("Control+Home");
    await page.keyboard.type("James, please have a look.");
    await pressSend(page, "Send");
    await goToMail(james.page, "inbox");
    await rowsOf(james.page, `Fwd: ${source}`).click({ timeout: arrival.timeout });
    await expect(textOf(james.page)).toContainText("James, please have a look.", arrival);
    await expect(textOf(james.page)).toContainText("Forwarded message");
    await keepScreenInAllLooks(james.page, "writing-forwarded");
  });

  await test.step("redirected: from its author, as it was", async () => {
    await goToMail(page, "inbox");
    await read(page, "Вопрос по счёту");
    await paneOf(page).getByRole("button", { name: "More" }).last().click();
    await page.getByRole("menuitem", { name: "Redirect" }).click();
    await expect(composerOf(page)).toContainText("Redirect unchanged");
    await addRecipient(page, "james", /james@/);
    await keepScreenInAllLooks(page, "writing-redirect");
    await expectAccessible(page);
    await pressSend(page, "Send");
    await rowsOf(james.page, "Вопрос по счёту").click({ timeout: arrival.timeout });
    await expect(paneOf(james.page)).not.toContainText("Мария Волкова <");
    await keepScreen(james.page, "writing-redirected");
  });
});

test("a record and a file of it are sent from its card", async ({ office, sitDown, userData }) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  const paper = await writeDocument(userData, "Смета.docx");
  await goTo(page, "#/objects/contract");
  await ivan.list.getByRole("option").first().click();
  await expect(ivan.card.getByRole("heading", { level: 1 })).toBeVisible();
  const title = (await ivan.card.getByRole("heading", { level: 1 }).innerText()).trim();
  const section = ivan.card.getByRole("region").filter({ has: page.getByRole("button", { name: /^Add files/ }) });
  const label = await section.first().getAttribute("aria-label");
  await ivan.attach(label ?? "", paper);
  await ivan.expectSaved();
  await expect(ivan.file("Смета.docx")).not.toContainText("waits", arrival);

  await test.step("the card", async () => {
    await ivan.card.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Send by mail" }).click();
    await expect(composerOf(page).getByLabel("Subject")).not.toHaveValue("");
    await expect(composerOf(page)).toContainText(title.slice(0, 20));
    await expect(composerOf(page)).toContainText("colleagues see it by their own rights");
    await keepScreenInAllLooks(page, "writing-from-record");
    await composerOf(page).getByRole("button", { name: "Close and keep the draft" }).click();
  });

  await test.step("a file of it", async () => {
    await goTo(page, "#/objects/contract");
    await ivan.list.getByRole("option").first().click();
    await page
      .getByRole("button", { name: /Смета\.docx/ })
      .last()
      .click();
    await page.getByRole("menuitem", { name: "Send by mail" }).click();
    await expect(composerOf(page).getByText("Смета.docx")).toBeVisible(arrival);
    await addRecipient(page, "maria", /maria@/);
    const subject = await composerOf(page).getByLabel("Subject").inputValue();
    await pressSend(page, "Send");
    await goToMail(page, "sent");
    await expect(rowsOf(page, subject).first()).toBeVisible(arrival);
    await rowsOf(page, subject).first().click();
    await expect(paneOf(page).getByTestId("attachment-Смета.docx")).toBeVisible(arrival);
  });
});

test("contacts come from other programs, and go there", async ({ office, sitDown, userData }) => {
  const anna = await sitDown("anna");
  const { page } = anna;
  await anna.signIn(office.url);
  const stamp = Date.now();
  const cards = [`Zoe ${stamp}`, `Юрий ${stamp}`].map(
    (name, index) =>
      `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:${name}\r\nORG:Far Ltd\r\nEMAIL;TYPE=WORK:p${index}.${stamp}@far.example\r\nTEL:+49 30 1\r\nEND:VCARD\r\n`,
  );
  const file = join(userData, "people.vcf");
  await writeFile(file, cards.join(""));
  await goTo(page, "#/contacts");

  const take = async (said: string) => {
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "More about contacts" }).click();
    await page.getByRole("menuitem", { name: "Import vCards…" }).click();
    await (await choosing).setFiles(file);
    await expect(page.getByText(said)).toBeVisible(arrival);
  };
  await take("2 contacts imported");
  await page.getByLabel("Search contacts").fill(String(stamp));
  await expect(page.getByRole("option")).toHaveCount(2, arrival);
  await expect(page.getByRole("option").filter({ hasText: `Юрий ${stamp}` })).toBeVisible();
  await take("2 were known already.");
  await keepScreenInAllLooks(page, "writing-contacts");
  await expectAccessible(page);

  await test.step("a file of something else says so", async () => {
    await writeFile(file, "no card");
    await take("There are no vCards in “people.vcf”.");
  });

  const saved = join(userData, "out.vcf");
  await anna.desktop.electronApp.evaluate(({ dialog }, path) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: path });
  }, saved);
  await page.getByRole("button", { name: "More about contacts" }).click();
  await page.getByRole("menuitem", { name: "Export as vCards…" }).click();
  await expect(page.getByText("The contacts are in the file.")).toBeVisible(arrival);
  const out = await readFile(saved, "utf8");
  expect(out).toContain(`FN:Юрий ${stamp}`);
  expect(out).toContain(`p1.${stamp}@far.example`);
  expect(out.match(/^BEGIN:VCARD/gm)).toHaveLength(out.match(/^END:VCARD/gm)?.length ?? 0);
});
