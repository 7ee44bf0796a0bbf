// The `test` of the console's specs: the office (walks/office.ts) and a browser before its console.
import { existsSync } from "node:fs";
import { chromium, type Page } from "@playwright/test";
import { demoPassword } from "../walks/member.ts";
import { keepScreen } from "../walks/looks.ts";
import { expect, test as base } from "../walks/office.ts";

export { expect };

/** Where Debian and most others put it; Playwright's own browser when none of these is there. */
const BROWSERS = [process.env["KONTOR_CHROMIUM"] ?? "", "/usr/lib/chromium/chromium", "/usr/bin/chromium"];

export const test = base.extend<{ consolePage: Page }>({
  consolePage: async ({ office }, use) => {
    const executablePath = BROWSERS.find((path) => path !== "" && existsSync(path));
    const browser = await chromium.launch({
      ...(executablePath ? { executablePath } : {}),
      args: ["--no-sandbox"], // the specs also run as root, in a container
    });
    const page = await browser.newPage({
      baseURL: office.url,
      viewport: { width: 1280, height: 820 },
      locale: "en-GB",
      colorScheme: "light",
    });
    await use(page);
    await browser.close();
  },
});

export async function signIn(page: Page): Promise<void> {
  await page.goto("/console/");
  await page.getByLabel("Sign-in name").fill("anton");
  await page.getByLabel("Password", { exact: true }).fill(demoPassword);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible({ timeout: 20_000 });
}

export const goTo = (page: Page, place: string) =>
  page.getByRole("navigation").getByRole("link", { name: place }).click();

/** Both themes and both languages, and back to light and English. */
export async function keepConsoleInAllLooks(page: Page, name: string): Promise<void> {
  const account = page.getByRole("banner").getByRole("button");
  const choose = async (item: string) => {
    await account.click();
    await page.getByRole("menuitemradio", { name: item, exact: true }).click();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("menu")).toBeHidden();
  };
  await keepScreen(page, `${name}-light-en`);
  await choose("Dark");
  await keepScreen(page, `${name}-dark-en`);
  await choose("Русский");
  await keepScreen(page, `${name}-dark-ru`);
  await choose("Светлое");
  await keepScreen(page, `${name}-light-ru`);
  await choose("English");
}
