// Reading mail, as a person does it.
import { keepScreen } from "../walks/looks.ts";
import type { Member } from "../walks/member.ts";
import { expect, test } from "../walks/office.ts";

const LONG_TEST_MS = 420_000; // a desktop with two windows, on two busy cores

test.setTimeout(LONG_TEST_MS);

test("a conversation stands in a window of its own", async ({ office, sitDown }) => {
  const ivan: Member = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  await page.evaluate(() => {
    window.location.hash = "#/mail/inbox";
  });
  const list = page.getByRole("listbox", { name: "Messages" });
  await list.getByRole("option").filter({ hasText: "Негабарит" }).click();
  const opening = ivan.desktop.electronApp.waitForEvent("window");
  await page.keyboard.press("Control+Shift+O");
  const own = await opening;
  await expect(own.getByRole("heading", { level: 1 })).toContainText("Негабарит", { timeout: 90_000 });
  await keepScreen(own, "mail-own-window");
  await own.close();
  await expect(list).toBeVisible();
});
