// Other systems with an account: made in a group, given a token that is shown once, withdrawn, and switched off.
import { expectAccessible, keepScreen } from "../walks/looks.ts";
import { expect, goTo, keepConsoleInAllLooks, signIn, test } from "../console/consolePage.ts";

test.setTimeout(240_000); // a busy machine

test("a service is made in a group, its token works until it is withdrawn, and not while it is switched off", async ({
  consolePage: page,
  office,
}) => {
  await signIn(page);
  await goTo(page, "Services");
  await expect(page.getByRole("heading", { name: "Services" })).toBeVisible();
  await page.getByRole("button", { name: "Add a service" }).click();
  const form = page.getByRole("dialog", { name: "Add a service" });
  await form.getByLabel("Name").fill("Warehouse");
  await form.getByLabel("Key").fill("warehouse");
  await form.getByRole("combobox", { name: "Groups" }).click();
  await page.getByRole("option", { name: "Decision clients" }).click();
  await page.keyboard.press("Escape");
  await keepScreen(page, "services-add");
  await expectAccessible(page);
  await form.getByRole("button", { name: "Save" }).click();

  const service = page.getByRole("dialog", { name: "Service Warehouse" });
  await expect(service).toContainText("No token yet");
  const makeToken = async (name: string): Promise<string> => {
    await service.getByLabel("What it is for").fill(name);
    await service.getByRole("button", { name: "Make a token" }).click();
    const shown = page.getByRole("dialog", { name: `The token ${name}` });
    await expect(shown).toContainText("It is shown this once.");
    const token = await shown.locator("code").innerText();
    expect(token.length).toBeGreaterThan(30);
    return token;
  };
  const first = await makeToken("Stock levels");
  await keepScreen(page, "services-token");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Done" }).click();
  await expect(service.getByRole("listitem").filter({ hasText: "Stock levels" })).toContainText("Valid");
  await expect(page.getByText(first)).toHaveCount(0);

  /** What the other system would get: a decision about Ivan and his own contracts. */
  const ask = async (token: string): Promise<number> => {
    const reply = await fetch(`${office.url}/access/v1/evaluation`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        subject: { type: "user", id: "ivan" },
        action: { name: "read" },
        resource: { type: "contract", id: "no-such-contract" },
      }),
    });
    return reply.status;
  };
  expect(await ask(first)).toBe(200);
  const second = await makeToken("The next one");
  await page.getByRole("button", { name: "Done" }).click();
  await service.getByRole("button", { name: "Withdraw: Stock levels" }).click();
  const confirm = page.getByRole("dialog", { name: "Withdraw" });
  await expect(confirm).toContainText("is refused with the very next request");
  await expectAccessible(page);
  await confirm.getByRole("button", { name: "Withdraw" }).click();
  await expect(service.getByRole("listitem")).toHaveCount(1);
  expect(await ask(first)).toBe(401);
  expect(await ask(second)).toBe(200);
  await keepScreen(page, "services-edit");
  await expectAccessible(page);

  await service.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("dialog", { name: "Switch off" }).getByRole("button", { name: "Switch off" }).click();
  await expect(service.getByRole("button", { name: "Switch on" })).toBeVisible();
  expect(await ask(second)).toBe(401);
  await service.getByRole("button", { name: "Close" }).last().click();
  const row = page.getByRole("row").filter({ hasText: "Warehouse" });
  await expect(row).toContainText("Switched off");
  await expect(row).toContainText("Decision clients");
  await keepConsoleInAllLooks(page, "services");
  await expectAccessible(page);
});
