// What an administrator does about mail: a shared mailbox and a group, a domain with its keys, and what waits in the queue.
import { expectAccessible, keepScreen } from "../walks/looks.ts";
import { demoPassword } from "../walks/member.ts";
import { expect, goTo, keepConsoleInAllLooks, signIn, test } from "./consolePage.ts";

test.setTimeout(240_000); // a busy machine

/** Somebody of the demo company with a program of their own. */
async function programOf(url: string, login: string) {
  const answer = await fetch(`${url}/api/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ login, password: demoPassword }),
  });
  const { token } = (await answer.json()) as { token: string };
  return async <Reply>(method: string, path: string, body?: object): Promise<Reply> => {
    const reply = await fetch(`${url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect([path, reply.ok]).toEqual([path, true]);
    return (await reply.json()) as Reply;
  };
}

test("a shared mailbox and a group get addresses and members, and an address is nobody's twice", async ({
  consolePage: page,
  office,
}) => {
  await signIn(page);
  await goTo(page, "Mail");
  const boxes = page.getByRole("region", { name: "Mailboxes" });
  await expect(boxes.getByRole("row").nth(5)).toBeVisible();
  await keepConsoleInAllLooks(page, "console-mailboxes");
  await expectAccessible(page);

  await page.getByRole("button", { name: "Add a shared mailbox" }).click();
  const form = page.getByRole("dialog", { name: "Add a shared mailbox" });
  await form.getByRole("textbox", { name: "Name" }).fill("Procurement");
  await form.getByRole("combobox", { name: "Addresses" }).fill("procurement@aurora.example");
  await page.keyboard.press("Enter");
  await form.getByRole("combobox", { name: "Add somebody" }).fill("Emma");
  await page.getByRole("option", { name: "Emma Fischer" }).click();
  await keepScreen(page, "console-mailbox-add");
  await expectAccessible(page);
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toBeHidden();
  await expect(boxes.getByRole("row", { name: /Procurement/ })).toContainText("procurement@aurora.example");

  await page.getByRole("button", { name: "Add a group" }).click();
  const group = page.getByRole("dialog", { name: "Add a group" });
  await group.getByRole("textbox", { name: "Name" }).fill("Buyers");
  await group.getByRole("textbox", { name: "Address" }).fill("procurement@aurora.example");
  await group.getByRole("combobox", { name: "And these mailboxes" }).fill("Procurement");
  await page.getByRole("option", { name: /Procurement/ }).click();
  await page.keyboard.press("Escape");
  await group.getByRole("button", { name: "Save" }).click();
  await expect(group).toContainText("belongs to somebody already");
  await group.getByRole("textbox", { name: "Address" }).fill("buyers@aurora.example");
  await group.getByRole("button", { name: "Save" }).click();
  await expect(group).toBeHidden();
  await expect(page.getByRole("region", { name: "Groups" }).getByRole("row", { name: /Buyers/ })).toContainText(
    "Procurement",
  );

  // A colleague writes to the group's address, and it lies in the mailbox behind it.
  const maria = await programOf(office.url, "maria");
  const { mailboxes } = await maria<{ mailboxes: { id: string; kind: string; address: string }[] }>(
    "GET",
    "/mail/mailboxes",
  );
  const own = mailboxes.find(({ kind }) => kind === "personal");
  await maria("POST", "/mail/messages", {
    mailboxId: own?.id,
    draft: {
      from: { address: own?.address },
      to: [{ address: "buyers@aurora.example" }],
      cc: [],
      bcc: [],
      subject: "Paper",
      html: "<p>Paper</p>",
      cards: [],
      origin: { kind: "new" },
    },
  });
  await expect
    .poll(
      async () => {
        await page.reload();
        return boxes.getByRole("row", { name: /Procurement/ }).innerText();
      },
      { timeout: 30_000 },
    )
    .toMatch(/\b1\b/);

  await boxes.getByRole("button", { name: "Procurement" }).click();
  const edit = page.getByRole("dialog", { name: "Mailbox Procurement" });
  await edit.getByRole("combobox", { name: "What Emma Fischer may do" }).click();
  await page.getByRole("option", { name: "Reads, sorts and sends" }).click();
  await edit.getByRole("button", { name: "Save" }).click();
  await expect(edit).toBeHidden();
  await boxes.getByRole("button", { name: "Procurement" }).click();
  await edit.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("dialog", { name: "Switch off" }).getByRole("button", { name: "Switch off" }).click();
  await page.keyboard.press("Escape");
  await expect(boxes.getByRole("row", { name: /Procurement/ })).toContainText("Switched off");
});

test("a domain is added with keys, looked up in the DNS, and removed", async ({ consolePage: page }) => {
  await signIn(page);
  await goTo(page, "Mail");
  await goTo(page, "Domains");
  await page.getByRole("button", { name: "Add a domain" }).click();
  const form = page.getByRole("dialog", { name: "Add a domain" });
  await form.getByLabel("Domain").fill("not a domain");
  await form.getByRole("button", { name: "Add a domain" }).click();
  await expect(form).toContainText("This is not a domain such as example.com.");
  await form.getByLabel("Domain").fill("second.invalid");
  await form.getByRole("button", { name: "Add a domain" }).click();
  await expect(form).toBeHidden();

  const domain = page.getByRole("region", { name: "second.invalid" });
  await expect(domain).toContainText("Not checked yet");
  await expect(domain.getByRole("row", { name: /-rsa\._domainkey\.second\.invalid/ })).toContainText(
    "Waits for the DNS",
  );
  await expect(domain.locator("code").first()).toContainText("v=DKIM1; k=rsa; p=");
  // The machine may have no name server at all: then it says so, and otherwise that there is nothing.
  await domain.getByRole("button", { name: "Check the DNS" }).click();
  await expect(domain.getByText("DNS checked")).toBeVisible({ timeout: 60_000 });
  await expect(domain.getByRole("listitem")).toHaveCount(6);
  await keepConsoleInAllLooks(page, "console-mail-domains");
  await expectAccessible(page);

  await domain.getByRole("button", { name: "Make new keys" }).click();
  await expect(domain.getByRole("row")).toHaveCount(5);
  await domain.getByRole("button", { name: "Remove", exact: true }).first().click();
  await page.getByRole("dialog", { name: "Remove" }).getByRole("button", { name: "Remove" }).click();
  await expect(domain).toBeHidden();
});

test("what waits in the queue is held, tried and given up, and its sender sees it", async ({
  consolePage: page,
  office,
}) => {
  const ivan = await programOf(office.url, "ivan");
  const { mailboxes } = await ivan<{ mailboxes: { id: string; kind: string; address: string }[] }>(
    "GET",
    "/mail/mailboxes",
  );
  const own = mailboxes.find(({ kind }) => kind === "personal");
  const sent = await ivan<{ message: { id: string } }>("POST", "/mail/messages", {
    mailboxId: own?.id,
    draft: {
      from: { address: own?.address },
      to: [{ address: "somebody@outside.example" }],
      cc: [],
      bcc: [],
      subject: "Outside",
      html: "<p>Outside</p>",
      cards: [],
      origin: { kind: "new" },
    },
  });
  await signIn(page);
  await goTo(page, "Mail");
  await goTo(page, "Queue");
  const row = page.getByRole("row", { name: /somebody@outside\.example/ });
  await expect(row).toContainText("Waiting", { timeout: 30_000 });
  await expect(row).toContainText("This server sends no mail to others", { timeout: 30_000 });
  expect(await page.locator("main").innerText()).not.toContain("Outside\n"); // its subject is nobody's here
  await row.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Hold" }).click();
  await expect(row).toContainText("Held");
  await keepConsoleInAllLooks(page, "console-mail-queue");
  await expectAccessible(page);
  await row.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(row).toContainText("Waiting");
  await row.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Do not send" }).click();
  await page.getByRole("dialog", { name: "Do not send" }).getByRole("button", { name: "Do not send" }).click();
  await expect(row).toBeHidden();
  await page.getByRole("combobox", { name: "State" }).click();
  await page.getByRole("option", { name: "Cancelled" }).click();
  await expect(row).toContainText("Cancelled");
  const { deliveries } = await ivan<{ deliveries: object[] }>("GET", `/mail/messages/${sent.message.id}/deliveries`);
  expect(deliveries).toMatchObject([{ address: "somebody@outside.example", state: "cancelled" }]);

  await goTo(page, "Quarantine");
  await expect(page.getByText("Nothing in quarantine.")).toBeVisible();
  await keepConsoleInAllLooks(page, "console-mail-quarantine");
  await expectAccessible(page);
});

test("a webhook is made for a service that may read, and tested", async ({ consolePage: page, office }) => {
  await signIn(page);
  await goTo(page, "Mail");
  await goTo(page, "Webhooks");
  await expect(page.getByText("No webhook yet.")).toBeVisible();
  // Somebody's own, at an address that this server may not go to.
  const ivan = await programOf(office.url, "ivan");
  const { mailboxes } = await ivan<{ mailboxes: { id: string; kind: string }[] }>("GET", "/mail/mailboxes");
  const own = mailboxes.find(({ kind }) => kind === "personal");
  await ivan("POST", `/mail/mailboxes/${own?.id}/webhooks`, {
    url: "https://127.0.0.1:9/a-secret-path",
    events: ["mail.received", "mail.bounced"],
  });
  const row = page.getByRole("row", { name: /127\.0\.0\.1:9/ });
  await expect(row).toContainText("Mail received, Mail came back", { timeout: 30_000 });
  await keepConsoleInAllLooks(page, "console-mail-webhooks");
  await expectAccessible(page);
  await row.getByRole("button", { name: "127.0.0.1:9" }).click();
  const one = page.getByRole("dialog", { name: "Webhook at 127.0.0.1:9" });
  await one.getByRole("button", { name: "Send a test" }).click();
  await expect(one.getByRole("row", { name: /Test/ })).toContainText("It lies in a private network.", {
    timeout: 30_000,
  });
  await keepScreen(page, "console-mail-webhook-one");
  await expectAccessible(page);
  expect(await page.content()).not.toContain("a-secret-path");
  await one.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("dialog", { name: "Switch off" }).getByRole("button", { name: "Switch off" }).click();
  await expect(row).toContainText("Switched off");
  await page.keyboard.press("Escape");

  const anton = await programOf(office.url, "anton");
  await anton("POST", "/admin/services", { name: "Billing", key: "billing" });
  await page.getByRole("button", { name: "Add a webhook" }).click();
  const form = page.getByRole("dialog", { name: "Add a webhook" });
  await form.getByRole("textbox", { name: "Address" }).fill("https://billing.example/hook");
  await form.getByRole("combobox", { name: "Mailbox" }).fill("Aurora Sales");
  await page.getByRole("option", { name: /Aurora Sales/ }).click();
  await form.getByRole("combobox", { name: "Service" }).click();
  await page.getByRole("option", { name: "Billing" }).click();
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toContainText("This service may not read what lies in this mailbox.");
  await keepScreen(page, "console-mail-webhook-add");
  await expectAccessible(page);
});
