// Thousands of messages as one: chosen with two keys, put away by one act that says how far it is, and brought back by one.
import { expectAccessible, keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, headingOf, listOf, mailboxOf, textOf } from "../walks/mailbox.ts";
import { expect, test } from "../walks/office.ts";

const LONG_TEST_MS = 420_000; // ten thousand changes on two busy cores
const MANY = Number(process.env["KONTOR_BULK"] ?? 5_000);

const counted = new Intl.NumberFormat("en").format(MANY);

test.setTimeout(LONG_TEST_MS);

test("thousands of messages are put away as one act, the list is usable meanwhile, and one undo brings all back", async ({
  office,
  sitDown,
}) => {
  const { newFolder, importInto } = await mailboxOf(office.url, "irina");
  const folderId = await newFolder("Notices");
  await importInto(folderId, noticesFrom(MANY), "application/mbox");

  const irina = await sitDown("irina");
  const { page } = irina;
  await irina.signIn(office.url);
  await goToMail(page, `f-${folderId}`);
  const options = listOf(page).getByRole("option");
  await expect(options.first()).toHaveAttribute("aria-setsize", String(MANY), arrival);

  await test.step("all of them are chosen with two keys, however many are in sight", async () => {
    await listOf(page).focus();
    await page.keyboard.press("End");
    await expect(options.last()).toHaveAttribute("aria-posinset", String(MANY));
    await expect(headingOf(page)).toHaveText("Notice 0");
    await page.keyboard.press("Control+a");
    const bar = page.getByRole("toolbar", { name: "What is chosen" });
    await expect(bar).toContainText(`${counted} chosen`);
    await keepScreenInAllLooks(page, "mail-bulk");
    await expectAccessible(page);
  });

  await test.step("one act puts them away, and says how far it is", async () => {
    await page.getByRole("toolbar", { name: "What is chosen" }).getByRole("button", { name: "Archive" }).click();
    await expect(page.getByText(`${counted} messages archived`)).toBeVisible(arrival);
    await expect(page.getByText("This folder is empty")).toBeVisible();
    await expect(irina.connection).toContainText(/Sending [\d,]+ changes/);
    await keepScreenInAllLooks(page, "mail-bulk-sending");
  });

  await test.step("and the rest of the mail is read as ever meanwhile", async () => {
    await goToMail(page, "inbox");
    await options.first().click();
    await expect(textOf(page)).not.toBeEmpty();
    await goToMail(page, `f-${folderId}`);
  });

  await test.step("one undo brings all of them back", async () => {
    await page.keyboard.press("z");
    await expect(page.getByText(`Undone for ${counted} messages`)).toBeVisible(arrival);
    await expect(options.first()).toHaveAttribute("aria-setsize", String(MANY));
    // What was under way and its undoing are both taken; in the end the server says what the desktop says.
    await expect(irina.connection).toContainText("All saved", { timeout: 300_000 });
    await expect(options.first()).toHaveAttribute("aria-setsize", String(MANY));
  });
});

function noticesFrom(count: number): string {
  const begin = Date.UTC(2026, 0, 1);
  return Array.from({ length: count }, (_, n) => {
    const at = new Date(begin + n * 60_000);
    return [
      `From notices@machine.example ${at.toUTCString()}`,
      "From: Notices <notices@machine.example>",
      "To: irina@aurora.example",
      `Subject: Notice ${n}`,
      `Message-ID: <notice-${n}@machine.example>`,
      `Date: ${at.toUTCString().replace("GMT", "+0000")}`,
      "Content-Type: text/plain; charset=utf-8",
      "",
      `Machine ${n % 40} reports state ${n}.`,
      "",
    ].join("\r\n");
  }).join("\r\n");
}
