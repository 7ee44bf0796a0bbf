// Who did what: the audit log as an administrator and as an auditor read it.
import { readFile } from "node:fs/promises";
import { demoPassword } from "../walks/member.ts";
import { expectAccessible, keepScreen } from "../walks/looks.ts";
import { expect, goTo, keepConsoleInAllLooks, signIn, test } from "./consolePage.ts";

const LONG_TEST_MS = 180_000;
const AT_ONCE = { timeout: 15_000 }; // entries get their numbers within a second or two

test.setTimeout(LONG_TEST_MS);

test("[POL-12] an administrator finds who was refused, looks closer, exports it, and verifies the log", async ({
  consolePage: page,
}) => {
  await page.goto("/console/");
  await page.getByLabel("Sign-in name").fill("maria");
  await page.getByLabel("Password", { exact: true }).fill("not-the-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await signIn(page);
  await goTo(page, "Audit log");

  const table = page.getByRole("table", { name: "Audit log" });
  await expect(table.getByRole("button", { name: "Signed in", exact: true }).first()).toBeVisible(AT_ONCE);
  await keepConsoleInAllLooks(page, "console-audit");
  await expectAccessible(page);

  await page.getByRole("combobox", { name: "Outcome" }).click();
  await page.getByRole("option", { name: "Failed" }).click();
  await expect(table.getByRole("row").filter({ hasText: "Мария Волкова" })).toHaveCount(1, AT_ONCE);
  await expect(table.getByRole("button", { name: "Signed in", exact: true })).toHaveCount(0);
  await expect(page).toHaveURL(/audit\?outcome=failed/);

  const exported = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export CSV" }).click();
  const file = await readFile((await (await exported).path()) ?? "", "utf8");
  expect(
    file
      .trim()
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(",")[2]),
  ).toEqual(["people.signInRefused"]);

  // By keyboard into the entry, from there to everything of this person, and back.
  await table.getByRole("button", { name: "Sign-in refused" }).focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog");
  await expect(drawer).toContainText("people.signInRefused");
  await keepConsoleEntry(page);
  await expectAccessible(page);
  await drawer.getByRole("button", { name: "Everything by Мария Волкова" }).click();
  await expect(drawer).toBeHidden();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(table.getByRole("button", { name: "Signed in", exact: true }).first()).toBeVisible(AT_ONCE);

  await page.getByRole("button", { name: "Verify now" }).click();
  await expect(page.getByText(/^Whole up to entry \d+, verified/)).toBeVisible(AT_ONCE);
  await expect(table.getByRole("button", { name: "The audit log was verified" }).first()).toBeVisible(AT_ONCE);
});

const keepConsoleEntry = (page: Parameters<typeof keepScreen>[0]) => keepScreen(page, "console-audit-entry-light-en");

test("[POL-12] an auditor reads the log and administers nothing", async ({ consolePage: page }) => {
  await page.goto("/console/people");
  await page.getByLabel("Sign-in name").fill("clara");
  await page.getByLabel("Password", { exact: true }).fill(demoPassword);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Audit log" })).toBeVisible(AT_ONCE);
  await expect(page.getByRole("navigation").getByRole("link")).toHaveText(["Audit log", "API"]);
  await expect(page.getByRole("table", { name: "Audit log" }).getByRole("row").nth(1)).toBeVisible(AT_ONCE);
});
