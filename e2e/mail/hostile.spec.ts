// Mail from strangers who mean no good: shown, and nothing more; pictures only when their reader says so, and by the server.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MailSettingsDoc } from "@kontor/shared/mail";
import { apiOf } from "../walks/administrator.ts";
import { expectAccessible, keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, paneOf, read, rowsOf, textOf } from "../walks/mailbox.ts";
import { expect, test as base } from "../walks/office.ts";
import { hostileMail, openTrap, programMail, startOpenOffice, strangersDomain, type OpenOffice } from "./strangers.ts";

const LONG_TEST_MS = 300_000; // two starts of a desktop, and an office of its own
const OFFICE_START_MS = 180_000;
const TO = "anna@aurora.example";
const SENDER = `maria@${strangersDomain}`;

const test = base.extend<object, { open: OpenOffice }>({
  open: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
    async ({}, use) => {
      const open = await startOpenOffice();
      await use(open);
      await open.close();
    },
    { scope: "worker", timeout: OFFICE_START_MS },
  ],
  office: [async ({ open }, use) => use(open.office), { scope: "worker" }],
});

test.setTimeout(LONG_TEST_MS);

test("hostile mail is shown and does nothing: it neither runs nor loads, its links lie to nobody, and it is called forged", async ({
  open,
  office,
  sitDown,
}) => {
  const trap = await openTrap();
  await open.post(TO, hostileMail(trap.url, TO));
  await open.post(TO, programMail(trap.url, TO));
  const anna = await sitDown("anna");
  const { page } = anna;
  const strange: string[] = [];
  page.on("dialog", (dialog) => {
    strange.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await anna.signIn(office.url);
  await anna.desktop.electronApp.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    shell.openExternal = async (address) => void opened.push(address);
  });
  const openedLinks = () =>
    anna.desktop.electronApp.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);

  await goToMail(page, "inbox");
  await expect(rowsOf(page, "Your parcel")).toBeVisible(arrival);
  await read(page, "Your parcel");
  await expect(textOf(page)).toContainText("Your parcel waits", arrival);

  await test.step("it says that it is forged, by whose name, and where answers would go", async () => {
    await expect(rowsOf(page, "Your parcel").getByLabel("Be careful with this message")).toBeVisible();
    const warnings = paneOf(page).getByRole("alert");
    await expect(warnings).toContainText(`${SENDER} is probably not where this came from`);
    await expect(warnings).toContainText("The name is a colleague’s");
    await expect(warnings).toContainText("Answers would go to another address: collector@elsewhere.example");
    await expect(paneOf(page)).toContainText("Pictures from elsewhere are not shown");
    await keepScreenInAllLooks(page, "mail-hostile");
    await expectAccessible(page);
  });

  await test.step("nothing of it ran, and nothing was fetched", async () => {
    await expect(page.locator("iframe").last()).toHaveAttribute("sandbox", "allow-same-origin");
    const text = page.frameLocator("iframe").last();
    expect(await text.locator("script, form, iframe, object, embed, [onerror], [onload], [onclick]").count()).toBe(0);
    expect(await page.evaluate(() => (window as unknown as { hacked?: boolean }).hacked)).toBeUndefined();
    expect(trap.hits).toEqual([]);
    expect(strange).toEqual([]);
  });

  await test.step("a link that claims another place asks first and shows the real one", async () => {
    await textOf(page).getByRole("link", { name: "https://parcel.example" }).click();
    const dialog = page.getByRole("dialog", { name: "This link leads elsewhere" });
    await expect(dialog).toContainText(new URL(trap.url).hostname);
    await keepScreenInAllLooks(page, "mail-link-check");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Stay here" }).click();
    await expect(dialog).toBeHidden();
    expect(await openedLinks()).toEqual([]);
    await textOf(page).getByRole("link", { name: "terms" }).click();
    await expect.poll(openedLinks).toEqual(["https://terms.example/"]);
    await expect(page).toHaveURL(/#\/mail\//); // the window went nowhere
  });

  await test.step("keys work while one reads it", async () => {
    await textOf(page).getByText("Your parcel waits").click();
    await page.keyboard.press("s");
    await expect(rowsOf(page, "Your parcel").getByLabel("Flagged")).toBeVisible();
  });
  expect(trap.hits).toEqual([]);

  await test.step("a file that would run is called so, and can only be saved", async () => {
    await read(page, "Your receipt");
    const file = page.getByTestId("attachment-receipt.pdf.exe");
    await expect(file.getByLabel("This kind of file can run programs")).toBeVisible();
    await keepScreenInAllLooks(page, "mail-risky-file");
    await expectAccessible(page);
    await file.getByRole("button", { name: /^Open/ }).first().click();
    const dialog = page.getByRole("dialog", { name: "Save this program?" });
    await expect(dialog).toContainText("receipt.pdf.exe");
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
    await keepScreenInAllLooks(page, "mail-program");
    await expectAccessible(page);
    const path = join(anna.userData, "receipt.pdf.exe");
    await anna.desktop.electronApp.evaluate(({ dialog: system }, chosen) => {
      system.showSaveDialog = async () => ({ canceled: false, filePath: chosen });
    }, path);
    await dialog.getByRole("button", { name: "Cancel" }).focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(page.getByText("Saved: receipt.pdf.exe")).toBeVisible(arrival);
    expect((await readFile(path)).length).toBeGreaterThan(0);
    await file.getByRole("button", { name: "Actions for receipt.pdf.exe" }).click();
    await expect(page.getByRole("menuitem", { name: "Save as…" })).toBeVisible();
    await expect(page.getByRole("menuitem", { name: "Open in its application" })).toBeHidden();
    await page.keyboard.press("Escape");
  });

  await test.step("pictures come when one asks for them, by the server alone, and only this time", async () => {
    await read(page, "Your parcel");
    const place = page.frameLocator("iframe").last().getByText("Parcel service", { exact: true });
    // As large as what is to come: nothing moves then.
    await expect.poll(() => place.boundingBox()).toMatchObject({ width: 320, height: 90 });
    await keepScreenInAllLooks(page, "mail-pictures-blocked");
    await paneOf(page).getByRole("button", { name: "Show them now" }).click();
    const logo = page.frameLocator("iframe").last().getByRole("img", { name: "Parcel service" });
    await expect(logo).toHaveAttribute("src", /^data:image\/png/, arrival);
    await expect.poll(() => logo.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(320);
    // What has a size keeps it, through both cleanings.
    expect(await logo.boundingBox()).toMatchObject({ width: 320, height: 90 });
    await expect(textOf(page).getByRole("cell", { name: "Parcel 4711" })).toHaveAttribute("colspan", "2");
    await keepScreenInAllLooks(page, "mail-pictures");
    expect(trap.hits.map(({ path }) => path)).toContain("/logo.png");
    expect(trap.hits.filter(({ path }) => !/\.(?:png|gif)$/.test(path))).toEqual([]);
    for (const { headers } of trap.hits) {
      expect(headers["user-agent"]).toBe("Kontor mail");
      expect(Object.keys(headers)).not.toContain("cookie");
      expect(Object.keys(headers)).not.toContain("referer");
    }
    await read(page, "Your receipt");
    await expect(paneOf(page)).toContainText("Pictures from elsewhere are not shown");
    expect(trap.hits.map(({ path }) => path)).not.toContain("/banner.png");
  });

  await test.step("who is always allowed is so for all their messages, and after a restart", async () => {
    await paneOf(page)
      .getByRole("button", { name: `Always from ${SENDER}` })
      .click();
    const banner = page.frameLocator("iframe").last().getByRole("img", { name: "Banner" });
    await expect(banner).toHaveAttribute("src", /^data:image\/png/, arrival);
    await anna.expectSaved();
    const api = await apiOf(office.url, "anna");
    const settings = await api<MailSettingsDoc>("GET", "/mail/settings");
    expect(settings.remoteAllowed).toContain(SENDER);
    await anna.desktop.close();
    const again = await sitDown("anna", anna);
    await goToMail(again.page, "inbox");
    await read(again.page, "Your parcel");
    const logo = again.page.frameLocator("iframe").last().getByRole("img", { name: "Parcel service" });
    await expect(logo).toHaveAttribute("src", /^data:image\/png/, arrival);
    await expect(paneOf(again.page)).not.toContainText("Pictures from elsewhere are not shown");
    expect(trap.hits.every(({ headers }) => headers["user-agent"] === "Kontor mail")).toBe(true);
  });
  await trap.close();
});
