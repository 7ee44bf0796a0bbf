// What surrounds writing: a signature that stands under a new message, a contact that is offered, a rule that sorts, an account.
import type { Page } from "@playwright/test";
import { expect, test } from "../walks/office.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";

const LONG_TEST_MS = 240_000;
const ARRIVAL = { timeout: 60_000 };

test.setTimeout(LONG_TEST_MS);

const goTo = (page: Page, hash: string) =>
  page.evaluate((next) => {
    window.location.hash = next;
  }, hash);

test("a signature, a contact and a rule are made without a network, and are so everywhere once there is one", async ({
  office,
  sitDown,
}) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  const stamp = Date.now();
  await office.stop();
  await ivan.expectOffline();

  await test.step("a signature, by itself under new messages", async () => {
    await goTo(page, "#/mailSettings/signatures");
    await page.getByRole("button", { name: "New signature" }).click();
    const dialog = page.getByRole("dialog", { name: "Signature" });
    await dialog.getByLabel("Name").fill("Work");
    await dialog.getByRole("textbox", { name: "Text of the message" }).click();
    await page.keyboard.type(`Best regards, Ivan ${stamp}`);
    await keepScreenInAllLooks(page, "mail-signature");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("button", { name: /Work.*Best regards/ })).toBeVisible();
    await goTo(page, "#/mail/inbox");
    await expect(page.getByRole("option").first()).toBeVisible();
    await page.getByRole("button", { name: "Write" }).click();
    const composer = page.getByRole("region", { name: "Message being written" });
    await expect(composer).toContainText(`Best regards, Ivan ${stamp}`);
    // Going elsewhere at once: what is still being closed does not call one back.
    await composer.getByRole("button", { name: "Close and keep the draft" }).click();
  });

  await test.step("a contact, offered as a recipient at once", async () => {
    await goTo(page, "#/contacts");
    await page.getByRole("button", { name: "New", exact: true }).click();
    await page.getByLabel("Name").fill(`Zelda ${stamp}`);
    await page.getByLabel("Mail addresses").fill("zelda@far.example (work)\nnot an address");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("This is no mail address: not an address")).toBeVisible();
    await page.getByLabel("Mail addresses").fill("zelda@far.example (work)");
    await keepScreenInAllLooks(page, "mail-contact-form");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("heading", { name: `Zelda ${stamp}` })).toBeVisible();
    await keepScreenInAllLooks(page, "mail-contact");
    await page.getByRole("button", { name: "Write", exact: true }).click();
    const composer = page.getByRole("region", { name: "Message being written" });
    await expect(composer.getByRole("group", { name: /Zelda.*zelda@far\.example, outside/ })).toBeVisible();
    await composer.getByLabel("To", { exact: true }).press("Backspace");
    await page.keyboard.press("Delete");
    await composer.getByLabel("To", { exact: true }).pressSequentially("zelda");
    await expect(page.getByRole("option", { name: /Zelda/ }).first()).toBeVisible();
    await keepScreenInAllLooks(page, "compose-suggestions");
    await page.keyboard.press("Escape");
  });

  await test.step("a rule", async () => {
    await goTo(page, "#/mailSettings/rules");
    await page.getByRole("button", { name: "New rule" }).click();
    const dialog = page.getByRole("dialog", { name: "Rule" });
    await dialog.getByRole("button", { name: "Save the rule" }).click();
    await expect(dialog.getByRole("alert")).toHaveText("A rule has a name.");
    await dialog.getByLabel("Name").fill(`News ${stamp}`);
    await dialog.getByLabel("Value").fill("@news.example");
    await dialog.getByPlaceholder("Folder").click();
    await page.getByRole("listbox", { name: "Folder" }).getByRole("option", { name: "Archive" }).click();
    await keepScreenInAllLooks(page, "mail-rule");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Save the rule" }).click();
    await expect(page.getByText("From contains “@news.example” → Move to Archive")).toBeVisible();
    await keepScreenInAllLooks(page, "mail-rules");
  });

  await office.start();
  await ivan.tryNow();
  await ivan.expectSaved();
  const other = await sitDown("ivan", { userData: `${ivan.userData}-second` });
  await other.signIn(office.url);
  await goTo(other.page, "#/mailSettings/rules");
  await expect(other.page.getByText(`News ${stamp}`)).toBeVisible(ARRIVAL);
  await goTo(other.page, "#/mailSettings/signatures");
  await expect(other.page.getByText(`Best regards, Ivan ${stamp}`)).toBeVisible();
  await goTo(other.page, "#/contacts");
  await other.page.getByLabel("Search contacts").fill(`Zelda ${stamp}`);
  await expect(other.page.getByRole("option")).toHaveCount(1);

  await test.step("a rule is run on a folder by the server, which says how far it is", async () => {
    await goTo(page, "#/mailSettings/rules");
    await page.getByRole("button", { name: `More about News ${stamp}` }).click();
    await page.getByRole("menuitem", { name: "Run now" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Run now" }).click();
    await expect(page.getByRole("dialog").getByRole("status")).toContainText(/^Done: (\d+) of \1 looked at/, ARRIVAL);
    await keepScreen(page, "mail-rule-run");
    await page.keyboard.press("Escape");
  });

  await test.step("an account whose servers answer nobody says why", async () => {
    await goTo(page, "#/mailSettings/accounts");
    await page.getByRole("button", { name: "Add an account" }).click();
    const dialog = page.getByRole("dialog", { name: "Add an account" });
    await dialog.getByLabel("Mail address").fill("ivan@somewhere.invalid");
    await dialog.getByRole("button", { name: "Next" }).click();
    await dialog.getByLabel("Reading (IMAP)").fill("mail.somewhere.invalid");
    await dialog.getByLabel("Sending (SMTP)").fill("mail.somewhere.invalid");
    await dialog.getByLabel("Password", { exact: true }).fill("secret");
    await dialog.getByRole("button", { name: "Test" }).click();
    await expect(dialog.getByRole("status")).toContainText("No host has this name.", ARRIVAL);
    await keepScreenInAllLooks(page, "mail-account");
    await expectAccessible(page);
  });
});
