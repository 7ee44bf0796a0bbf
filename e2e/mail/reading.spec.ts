// Reading and finding mail, as a person does it: by hand and by keys, linked with records, in windows of their own.
import type { Locator } from "@playwright/test";
import { composerOf } from "../walks/composer.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, headingOf, listOf, mailboxOf, paneOf, read, rowsOf, textOf } from "../walks/mailbox.ts";
import { expect, test } from "../walks/office.ts";

const LONG_TEST_MS = 300_000; // a desktop whose every screen is kept in four looks, on two busy cores

test.setTimeout(LONG_TEST_MS);

test("a conversation is read, walked through by keys, found with operators and linked to a record", async ({
  office,
  sitDown,
}) => {
  const maria = await sitDown("maria");
  const { page } = maria;
  await maria.signIn(office.url);
  const subject = "Вопрос по счёту";

  await test.step("a conversation counts as read after a moment of reading", async () => {
    await page.keyboard.press("Control+6");
    await expect(listOf(page)).toBeVisible();
    await keepScreenInAllLooks(page, "mail-inbox");
    await expectAccessible(page);
    await expect(rowsOf(page, subject).getByLabel("Unread")).toBeVisible();
    await read(page, subject);
    await expect(rowsOf(page, subject).getByLabel("Unread")).toBeHidden(arrival);
    await expect(textOf(page)).toContainText("вторая — ошибка при вводе");
    await keepScreenInAllLooks(page, "mail-conversation");
    await expectAccessible(page);
  });

  await test.step("keys walk, flag and mark unread", async () => {
    await listOf(page).focus();
    await page.keyboard.press("Home");
    await expect(headingOf(page)).not.toContainText(subject);
    const first = await headingOf(page).innerText();
    await page.keyboard.press("j");
    await expect(headingOf(page)).not.toHaveText(first);
    await page.keyboard.press("k");
    await expect(headingOf(page)).toHaveText(first);
    const row = listOf(page).getByRole("option").first();
    const wasFlagged = await row.getByLabel("Flagged").isVisible();
    await page.keyboard.press("s");
    await expect(row.getByLabel("Flagged")).toBeVisible({ visible: !wasFlagged });
    await page.keyboard.press("s");
    await expect(row.getByLabel("Flagged")).toBeVisible({ visible: wasFlagged });
    // Until it was read for a moment the key would read it.
    await expect(row.getByLabel("Unread")).toBeHidden(arrival);
    await page.keyboard.press("u");
    await expect(row.getByLabel("Unread")).toBeVisible();
  });

  await test.step("one key archives, the next conversation takes its place, and one key undoes it", async () => {
    const before = await listOf(page).getByRole("option").count();
    const first = await headingOf(page).innerText();
    await page.keyboard.press("e");
    await expect(page.getByRole("alert").filter({ hasText: /archived/i })).toBeVisible();
    await expect(listOf(page).getByRole("option")).toHaveCount(before - 1);
    await expect(headingOf(page)).not.toHaveText(first);
    await keepScreenInAllLooks(page, "mail-archived");
    await page.keyboard.press("z");
    await expect(listOf(page).getByRole("option")).toHaveCount(before);
  });

  await test.step("found while typing, with operators, and Escape ends it", async () => {
    await page.keyboard.press("/");
    const found = page.getByRole("listbox", { name: "Found messages" });
    await page.keyboard.type("from:арт");
    await expect(found.getByRole("option").filter({ hasText: subject })).toBeVisible(arrival);
    await page.keyboard.type("ём счё");
    await expect(found.getByRole("option").first()).toContainText(subject, arrival);
    await page.keyboard.type("т");
    await expect(found.getByRole("option").first()).toContainText(subject, arrival);
    await expect(found.getByRole("option")).toHaveCount(1);
    await found.getByRole("option").first().click();
    await expect(headingOf(page)).toContainText(subject);
    await keepScreenInAllLooks(page, "mail-search");
    await expectAccessible(page);
    const box = page.getByRole("textbox", { name: "Search mail" });
    await box.fill("is:flagged before:2001-01-01");
    await expect(page.getByText("Nothing found")).toBeVisible();
    await box.press("Escape");
    await expect(listOf(page)).toBeFocused();
  });

  await test.step("a dialog that was closed leaves the keys where they were", async () => {
    await page.keyboard.press("Home");
    // The keys are about the conversation that one sees.
    await expect(headingOf(page)).not.toContainText(subject);
    for (const [key, name] of [
      ["l", "Label these messages"],
      ["v", "Move to"],
      ["Shift+Slash", "Keyboard shortcuts"],
    ] as const) {
      await page.keyboard.press(key);
      await expect(page.getByRole("dialog", { name })).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(listOf(page)).toBeFocused();
    }
    await read(page, subject);
    const more = paneOf(page).getByRole("button", { name: "More" }).first();
    await more.click();
    await page.getByRole("menuitem", { name: "Label" }).click();
    await expect(page.getByRole("dialog", { name: "Label these messages" })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(more).toBeFocused();
  });

  await test.step("linked to a record, and seen from there", async () => {
    await read(page, subject);
    await paneOf(page).getByRole("button", { name: "Link", exact: true }).click();
    await page.getByRole("menuitem", { name: "Link to a record…" }).click();
    await page.getByRole("dialog").getByLabel("Find a record").fill("CTR-2026");
    const choices = page.getByRole("dialog").getByRole("option");
    await expect(choices.first()).toContainText("CTR-2026");
    await page.keyboard.press("ArrowUp");
    await expect(choices.last()).toHaveAttribute("aria-selected", "true");
    await page.keyboard.press("ArrowDown");
    await expect(choices.first()).toHaveAttribute("aria-selected", "true");
    await keepScreenInAllLooks(page, "mail-link");
    await expectAccessible(page);
    await page.keyboard.press("Enter");
    const linked = paneOf(page).getByRole("list", { name: "Linked records" });
    await expect(linked.getByRole("listitem").filter({ hasText: "CTR-2026" })).toHaveCount(1);
    await maria.expectSaved();
    await keepScreenInAllLooks(page, "mail-linked");
    await expectAccessible(page);
    await linked.getByRole("button").filter({ hasText: "CTR-2026" }).first().click();
    const mail = maria.card.getByRole("region", { name: "Mail", exact: true });
    await expect(mail).toContainText(subject);
    await mail.getByRole("button").filter({ hasText: subject }).click();
    await expect(headingOf(page)).toContainText(subject);
  });

  await test.step("a record begun from it throws none away that was begun before", async () => {
    const beginTask = async () => {
      await paneOf(page).getByRole("button", { name: "Link", exact: true }).click();
      await page.getByRole("menuitem", { name: "Task", exact: true }).click();
    };
    const title = page.getByRole("textbox").first();
    await beginTask();
    await expect(title).toHaveValue(new RegExp(subject));
    await title.fill("Half of a task");
    await goToMail(page, "inbox");
    await read(page, subject);
    await beginTask();
    await page.getByRole("dialog").getByRole("button", { name: "Go on with it" }).click();
    await expect(title).toHaveValue("Half of a task");
    await goToMail(page, "inbox");
    await read(page, subject);
    await beginTask();
    await page.getByRole("dialog").getByRole("button", { name: "Begin anew" }).click();
    await expect(title).toHaveValue(new RegExp(subject));
  });
});

test("a conversation stands in a window of its own", async ({ office, sitDown }) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  await goToMail(page, "inbox");
  await read(page, "Негабарит");
  const opening = ivan.desktop.electronApp.waitForEvent("window");
  await page.keyboard.press("Control+Shift+O");
  const own = await opening;
  await expect(own.getByRole("heading", { level: 1 })).toContainText("Негабарит", arrival);
  await expect(own.frameLocator("iframe").last().locator("body")).not.toBeEmpty();
  await keepScreen(own, "mail-own-window");
  await own.close();
  await expect(listOf(page)).toBeVisible();
});

test("a message is printed with the pictures in its text", async ({ office, sitDown }) => {
  const mailbox = await mailboxOf(office.url, "ivan");
  const id = await mailbox.newFolder("Printed");
  const raw = [
    "From: press@example.com",
    "Subject: With a picture",
    "MIME-Version: 1.0",
    'Content-Type: multipart/related; boundary="b"',
    "",
    "--b",
    "Content-Type: text/html",
    "",
    '<p>Our plan:</p><img src="cid:plan@example.com">',
    "--b",
    "Content-Type: image/png",
    "Content-Transfer-Encoding: base64",
    "Content-ID: <plan@example.com>",
    "",
    PICTURE,
    "--b--",
    "",
  ].join("\r\n");
  await mailbox.importInto(id, raw, "message/rfc822");
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  await goToMail(page, `f-${id}`);
  await read(page, "With a picture");
  await expect(textOf(page).locator("img")).toHaveJSProperty("naturalWidth", 2);
  // What is about to be printed: its page is gone as soon as the printer has it.
  await page.evaluate(() =>
    document.addEventListener(
      "load",
      ({ target }) => {
        if (!(target instanceof HTMLIFrameElement) || target.style.visibility !== "hidden") return;
        const { body, images } = target.contentDocument as Document;
        document.title = `${body.innerText} ${[...images].map(({ naturalWidth }) => naturalWidth).join()}`;
      },
      true,
    ),
  );
  await paneOf(page).getByRole("button", { name: "More" }).first().click();
  await page.getByRole("menuitem", { name: "Print" }).click();
  await expect(page).toHaveTitle(/With a picture.*press@example\.com.*Our plan:\s+2$/s);
});

/** Two pixels by one. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DA8J8BAAf/Af8Bf4mnAAAAAElFTkSuQmCC";

test("a narrow window leaves the message its room, and what is long breaks or scrolls where it stands", async ({
  office,
  sitDown,
}) => {
  const mailbox = await mailboxOf(office.url, "ivan");
  const name = "Переписка с поставщиками лабораторного оборудования за прошлый год";
  const id = await mailbox.newFolder(name);
  const put = (subject: string, html: string) =>
    mailbox.importInto(
      id,
      `From: press@example.com\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n${html}\r\n`,
      "message/rfc822",
    );
  const address = `https://news.example.com/2026/${"delivery-terms-".repeat(14)}`;
  await put("Circular", `<table width="600"><tr><td>More at ${address}</td></tr></table>`);
  await put("Price list", `<table border="1"><tr>${"<td>Quantities</td>".repeat(24)}</tr></table>`);
  await put("Long report", "<p>One line of a long report.</p>".repeat(60));
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  const resize = async (width: number) => {
    await ivan.desktop.electronApp.evaluate(
      ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setBounds({ ...size, height: 640 }),
      { width },
    );
    await expect.poll(() => page.evaluate(() => window.innerWidth)).toBe(width);
  };
  const folders = page.getByRole("navigation", { name: "Folders" });
  const widthOf = async (part: Locator) => (await part.boundingBox())?.width ?? 0;
  await goToMail(page, `f-${id}`);
  await expect(listOf(page).getByRole("option")).toHaveCount(3, arrival);
  await page.getByRole("button", { name: "Show the folders" }).click();
  await expect(folders).toBeVisible();

  await test.step("folders that have no room beside the message are called, and go with what one chose", async () => {
    await resize(760);
    await read(page, "Circular");
    await expect(folders).toBeHidden();
    expect(await widthOf(paneOf(page))).toBeGreaterThanOrEqual(400);
    await keepScreenInAllLooks(page, "mail-narrow");
    await page.getByRole("button", { name: "Show the folders" }).click();
    await expect(folders).toBeVisible();
    await keepScreenInAllLooks(page, "mail-narrow-folders");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await expect(folders).toBeHidden();
    await page.getByRole("button", { name: "Show the folders" }).click();
    await folders.getByRole("button", { name: new RegExp(`^${name}`) }).click();
    await expect(folders).toBeHidden();
  });

  await test.step("a long name of a folder ends before the button beside it", async () => {
    const head = await page.getByRole("button", { name: "Write" }).locator("..").boundingBox();
    const write = await page.getByRole("button", { name: "Write" }).boundingBox();
    expect((write?.x ?? 0) + (write?.width ?? 0)).toBeLessThanOrEqual((head?.x ?? 0) + (head?.width ?? 0));
    await expect(page.getByTitle(name)).toBeVisible();
  });

  await test.step("an address in a table breaks, the words of a wide one do not", async () => {
    const beyond = () => textOf(page).evaluate((body) => body.scrollWidth - body.clientWidth);
    await read(page, "Circular");
    await expect(textOf(page)).toContainText(address);
    expect(await beyond()).toBe(0);
    await read(page, "Price list");
    await expect(textOf(page)).toContainText("Quantities");
    expect(await beyond()).toBeGreaterThan(0);
    await keepScreen(page, "mail-wide-table");
  });

  await test.step("an answer that is begun by key is seen down to its buttons", async () => {
    await resize(1280);
    await expect(folders).toBeVisible();
    await read(page, "Long report");
    await expect(textOf(page)).toContainText("One line");
    await page.keyboard.press("r");
    await expect(composerOf(page).getByRole("button", { name: "Send", exact: true })).toBeInViewport({ ratio: 1 });
    await expect(composerOf(page).getByRole("button", { name: "File or card" })).toBeInViewport({ ratio: 1 });
    await keepScreen(page, "mail-reply-by-key");
  });
});
