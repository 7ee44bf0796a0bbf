// What an administrator does in the console, and what the people concerned see of it at once.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import { expect, goTo, keepConsoleInAllLooks, signIn, test } from "./consolePage.ts";

const LONG_TEST_MS = 180_000;
const AT_ONCE = { timeout: 15_000 }; // it is a second; a busy machine needs longer to draw

test.setTimeout(LONG_TEST_MS);

test("only administrators come in, and the overview says how the server is", async ({ consolePage: page }) => {
  await page.goto("/console/");
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("Sign-in name").fill("anton");
  await page.getByLabel("Password", { exact: true }).fill("not-the-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("The name or the password is wrong.");
  await keepScreen(page, "console-sign-in");

  await signIn(page);
  const parts = page.getByRole("table").first();
  await expect(parts).toContainText("Database");
  await expect(parts).toContainText("Healthy");
  await expect(page.getByText("Load in the last hour")).toBeVisible();
  // The sampler's first points; a plot without a line is no plot.
  await expect(page.locator(".recharts-surface").first()).toBeVisible({ timeout: 30_000 });
  await keepConsoleInAllLooks(page, "console-overview");
  await expectAccessible(page);
});

test("somebody who is not an administrator is told so", async ({ consolePage: page }) => {
  await page.goto("/console/");
  await page.getByLabel("Sign-in name").fill("maria");
  await page.getByLabel("Password", { exact: true }).fill("aurora-demo");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("navigation")).toBeHidden();
});

test("[VIS-6] a person who is switched off is signed out of their desktop at once, and comes back when switched on", async ({
  consolePage: page,
  office,
  sitDown,
}) => {
  const james = await sitDown("james");
  await james.signIn(office.url);
  await signIn(page);
  await goTo(page, "People");
  await expect(page.getByRole("row").nth(20)).toBeVisible();
  await keepConsoleInAllLooks(page, "console-people");
  await expectAccessible(page);

  await page.getByRole("textbox", { name: "Name" }).fill("carter");
  await expect(page.getByRole("row")).toHaveCount(2); // the head and James
  await page.getByRole("row").nth(1).getByRole("button").first().click();
  const form = page.getByRole("dialog", { name: "Edit James Carter" });
  await form.getByLabel("Phone").fill("+44 20 7946 0018");
  await keepScreen(page, "console-person");
  await expectAccessible(page);
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toBeHidden();
  await james.page.getByRole("button", { name: "People" }).click();
  await james.page.getByText("James Carter").first().click();
  await expect(james.page.getByText("+44 20 7946 0018")).toBeVisible(AT_ONCE); // his desktop knows it already
  await keepScreenInAllLooks(james.page, "desktop-people");

  await page.getByRole("row").nth(1).getByRole("button").first().click();
  await form.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("dialog", { name: "Switch off" }).getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByRole("row").nth(1)).toContainText("Switched off");
  await expect(james.page.getByRole("heading", { name: "Locked" })).toBeVisible(AT_ONCE);
  await expect(james.page.getByText("This account is switched off.")).toBeVisible();
  await keepScreen(james.page, "desktop-switched-off");

  await page.getByRole("row").nth(1).getByRole("button").first().click();
  await form.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("row").nth(1)).toContainText("Active");
  await james.unlock();
  await james.expectSaved();
});

test("[VIS-6] a session that is ended and a device that is revoked are closed at once", async ({
  consolePage: page,
  office,
  sitDown,
}) => {
  const anna = await sitDown("anna");
  await anna.signIn(office.url);
  await signIn(page);

  await goTo(page, "Sessions");
  await page.getByLabel("Filter").fill("Кузнецова");
  await expect(page.getByRole("row")).toHaveCount(2);
  await keepConsoleInAllLooks(page, "console-sessions");
  await expectAccessible(page);
  await page.getByRole("row").nth(1).getByRole("button", { name: "End" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
  await expect(anna.connection).toContainText("Signed out by the server", AT_ONCE);
  await anna.signInAgain();
  await anna.expectSaved();

  await goTo(page, "Devices");
  await page.getByLabel("Filter").fill("Кузнецова");
  await expect(page.getByRole("row")).toHaveCount(2); // signing in again continued as the same device
  await keepConsoleInAllLooks(page, "console-devices");
  await page.getByRole("row").nth(1).getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByRole("row").nth(1)).toContainText("Revoked");
  await expectAccessible(page);
  // A lost device keeps nothing: neither its replica nor the key to it.
  await expect(anna.page.getByRole("alert")).toContainText("The copy of the office on it was removed", AT_ONCE);
  await keepScreenInAllLooks(anna.page, "device-revoked");
  await expect.poll(() => readdirSync(join(anna.userData, "replicas"))).toEqual([]);
});
