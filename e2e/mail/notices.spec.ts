// What the system shows of new mail while nobody looks at Kontor.
import type { MailboxDoc } from "@kontor/shared/mail";
import { apiOf } from "../walks/administrator.ts";
import { keepScreenInAllLooks } from "../walks/looks.ts";
import { arrival, goToMail, headingOf, listOf, rowsOf } from "../walks/mailbox.ts";
import type { Member } from "../walks/member.ts";
import { expect, test } from "../walks/office.ts";

const LONG_TEST_MS = 240_000; // a desktop and two senders, on two busy cores

test.setTimeout(LONG_TEST_MS);

test("new mail is told while nobody looks, opened by a click on its notice, and not told to whoever looks or wants none", async ({
  office,
  sitDown,
}) => {
  const james = await sitDown("james");
  const { page } = james;
  await watchNotices(james);
  await james.signIn(office.url);
  await goToMail(page, "inbox");
  await expect(listOf(page).getByRole("option").first()).toBeVisible(arrival);
  const api = await apiOf(office.url, "anna");
  const { mailboxes } = await api<{ mailboxes: MailboxDoc[] }>("GET", "/mail/mailboxes");
  const own = mailboxes.find(({ can, kind }) => kind === "personal" && can.includes("send"));
  const send = (subject: string) =>
    api("POST", "/mail/messages", {
      mailboxId: own?.id,
      draft: {
        from: { address: own?.address },
        to: [{ address: "james@aurora.example" }],
        cc: [],
        bcc: [],
        subject,
        html: "<p>As agreed.</p>",
        cards: [],
        origin: { kind: "new" },
      },
      undoSeconds: 0,
    });

  const before = await badge(james);
  await test.step("whoever looks sees it come", async () => {
    await send("Notice of nothing");
    await expect(rowsOf(page, "Notice of nothing")).toBeVisible(arrival);
    await expect.poll(() => badge(james), arrival).toBe(before + 1);
    expect(await notices(james)).toEqual([]);
  });

  await test.step("nobody looks: a notice, then one for both; a click opens what it names", async () => {
    await lookAway(james);
    await send("Minutes of Monday");
    await expect.poll(() => notices(james), arrival).toEqual([expect.stringMatching(/^.+\nMinutes of Monday$/)]);
    await send("Minutes of Tuesday");
    await expect
      .poll(() => notices(james), arrival)
      .toEqual([expect.stringMatching(/^2 new messages\n.+: Minutes of Tuesday$/)]);
    await clickNotice(james);
    await expect(headingOf(page)).toContainText("Minutes of Tuesday", arrival);
    expect(await james.desktop.electronApp.evaluate(({ BrowserWindow }) => !!BrowserWindow.getFocusedWindow())).toBe(
      true,
    );
    await expect.poll(() => notices(james)).toEqual([]);
  });

  await test.step("who wants none is left alone", async () => {
    await page.getByRole("button", { name: /James/ }).last().click();
    await keepScreenInAllLooks(page, "app-menu");
    await page.getByRole("menuitemcheckbox", { name: "Notices of new mail" }).click();
    await page.keyboard.press("Escape");
    // Tuesday's is read a moment after it was opened; Monday's is not.
    await expect.poll(() => badge(james), arrival).toBe(before + 2);
    await lookAway(james);
    await send("Minutes of Wednesday");
    await expect.poll(() => badge(james), arrival).toBe(before + 3);
    expect(await notices(james)).toEqual([]);
  });
});

/** What lies on the screen, a notice as its title and its body on two lines. */
interface Watched {
  notices: Electron.Notification[];
}

/** No machine for tests has a place where the system shows notices: they are kept where they would be shown. */
const watchNotices = ({ desktop }: Member) =>
  desktop.electronApp.evaluate(({ Notification }) => {
    const watched: Watched = { notices: [] };
    Object.assign(globalThis, { watched });
    Notification.prototype.show = function show(this: Electron.Notification) {
      watched.notices.push(this);
    };
    Notification.prototype.close = function close(this: Electron.Notification) {
      watched.notices.splice(watched.notices.indexOf(this), 1);
    };
  });

const notices = ({ desktop }: Member) =>
  desktop.electronApp.evaluate(() =>
    (globalThis as unknown as { watched: Watched }).watched.notices.map(({ body, title }) => `${title}\n${body}`),
  );

const clickNotice = ({ desktop }: Member) =>
  desktop.electronApp.evaluate(() => {
    const { watched } = globalThis as unknown as { watched: Watched };
    watched.notices.shift()?.emit("click");
  });

const badge = ({ desktop }: Member) => desktop.electronApp.evaluate(({ app }) => app.getBadgeCount());

const lookAway = ({ desktop }: Member) =>
  desktop.electronApp.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) window.blur();
  });
