// Who has a shared mailbox: decided in the desktop by who may, and so on everybody's desktop at once.
import type { MailboxDoc } from "@kontor/shared/mail";
import { administratorOf } from "../walks/administrator.ts";
import { expectAccessible, keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail } from "../walks/mailbox.ts";
import { expect, test } from "../walks/office.ts";

test.setTimeout(240_000); // two desktops on two busy cores

test("a manager gives a shared mailbox to somebody else and takes it back; who may not decide is not asked", async ({
  office,
  sitDown,
}) => {
  await makeManager(office.url, "james");
  const [james, irina] = [await sitDown("james"), await sitDown("irina")];
  await james.signIn(office.url);
  await irina.signIn(office.url);
  for (const { page } of [james, irina]) {
    await goToMail(page, "inbox");
    await page.getByRole("button", { name: "Show the folders" }).click();
  }
  const { page } = james;
  const ofIrina = irina.page.getByRole("region", { name: "Aurora Sales" });
  await expect(ofIrina).toHaveCount(0);

  const decide = page.getByRole("button", { name: "Who has “Aurora Sales”" });
  const dialog = page.getByRole("dialog", { name: "Who has “Aurora Sales”" });
  const member = dialog.getByRole("list", { name: "Who has it" }).getByRole("listitem").filter({ hasText: "Ирина" });
  await page.getByRole("button", { name: "Who has “James Carter”" }).click();
  await expect(page.getByPlaceholder("Name")).toBeFocused();
  await expect(page.getByText("Nobody has been added.")).toBeVisible();
  await page.keyboard.press("Escape");

  await decide.click();
  await dialog.getByPlaceholder("Name").fill("Ирина");
  await page.getByRole("option", { name: /Ирина/ }).first().click();
  await expect(member).toBeVisible();
  await keepScreenInAllLooks(page, "mail-members");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(ofIrina).toBeVisible(arrival);
  await expect(ofIrina.getByRole("button", { name: /^Inbox/ })).toBeVisible(arrival);
  // She answers there, and does not decide.
  await expect(irina.page.getByRole("button", { name: "Who has “Aurora Sales”" })).toHaveCount(0);

  await decide.click();
  await member.getByRole("button", { name: /^Remove/ }).click();
  await expect(member).toHaveCount(0);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(ofIrina).toHaveCount(0, arrival);
});

/** Nobody of those who sit down here decides who has the mailbox of sales. */
async function makeManager(url: string, login: string): Promise<void> {
  const { call, personOf } = await administratorOf(url);
  const { mailboxes } = await call<{ mailboxes: MailboxDoc[] }>("GET", "/admin/mail/mailboxes");
  const sales = mailboxes.find(({ name }) => name === "Aurora Sales");
  const { id: userId } = await personOf(login);
  const others = (sales?.members ?? []).filter((member) => member.userId !== userId);
  await call("PUT", `/mail/mailboxes/${sales?.id}/members`, { members: [...others, { userId, role: "manager" }] });
}
