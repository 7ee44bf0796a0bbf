// Mail in the desktop's window, in the interface's own words; and somebody's mailbox at the API, to put mail there that nobody
// of the demo company could write.
import { expect, type Locator, type Page } from "@playwright/test";
import type { FolderDoc, MailboxDoc } from "@kontor/shared/mail";
import { apiOf } from "./administrator.ts";
import { demoPassword, type DemoLogin } from "./member.ts";

/** What comes from another desktop, from a far server, or after a second of reading, on two busy cores. */
export const arrival = { timeout: 90_000 };

export const listOf = (page: Page): Locator => page.getByRole("listbox", { name: "Messages" });
export const rowsOf = (page: Page, text: string | RegExp): Locator =>
  listOf(page).getByRole("option").filter({ hasText: text });
export const paneOf = (page: Page): Locator => page.getByRole("region", { name: "Message", exact: true });
export const headingOf = (page: Page): Locator => paneOf(page).getByRole("heading", { level: 1 });
/** The text of the newest message that is open. */
export const textOf = (page: Page) => page.frameLocator("iframe").last().locator("body");

/** `inbox`, `archive`, `f-<folder>`, …: a place of mail, by its address. */
export async function goToMail(page: Page, place: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash;
  }, `#/mail/${place}`);
  await expect(page.getByRole("button", { name: "Write" })).toBeVisible();
}

/** Opens the row with this text, and waits until it is the one that is read. */
export async function read(page: Page, text: string): Promise<void> {
  await rowsOf(page, text).first().click();
  await expect(headingOf(page)).toContainText(text);
}

/** Their own mailbox, or one that they share. */
export async function mailboxOf(url: string, login: DemoLogin, shared?: string) {
  const api = await apiOf(url, login);
  const { mailboxes } = await api<{ mailboxes: MailboxDoc[] }>("GET", "/mail/mailboxes");
  const found = mailboxes.find(({ can, kind, name }) =>
    shared === undefined ? kind === "personal" && can.includes("send") : name === shared,
  );
  if (!found) throw new Error(`${login} has no mailbox ${shared ?? "of their own"}`);
  const { folders } = await api<{ folders: FolderDoc[] }>("GET", `/mail/mailboxes/${found.id}/folders`);
  return {
    folderOf(role: string): FolderDoc {
      const folder = folders.find((each) => each.role === role);
      if (!folder) throw new Error(`${login} has no ${role}`);
      return folder;
    },
    newFolder: async (name: string) =>
      (await api<{ id: string }>("POST", `/mail/mailboxes/${found.id}/folders`, { name })).id,
    async importInto(folderId: string, archive: string, type: "message/rfc822" | "application/mbox"): Promise<void> {
      const answer = await fetch(`${url}/api/mail/folders/${folderId}/import`, {
        method: "POST",
        headers: { authorization: `Bearer ${await tokenOf(url, login)}`, "content-type": type },
        body: archive,
      });
      expect(answer.status, await answer.text()).toBe(200);
    },
  };
}

async function tokenOf(url: string, login: DemoLogin): Promise<string> {
  const answer = await fetch(`${url}/api/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ login, password: demoPassword }),
  });
  return ((await answer.json()) as { token: string }).token;
}
