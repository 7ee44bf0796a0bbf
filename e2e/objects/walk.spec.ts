// The walk that the product stands on: a contract's card, its fields and a real Word document, with and without a server,
// through kill -9 of either side, before the eyes of a second person.
import { basename } from "node:path";
import type { Locator } from "@playwright/test";
import { expect, test } from "../walks/office.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import type { Member } from "../walks/member.ts";
import { writeDocument } from "../walks/papers.ts";

const LONG_TEST_MS = 300_000; // two desktops and a converter on two busy cores
const ARRIVAL = { timeout: 30_000 };

test.setTimeout(LONG_TEST_MS);

/** The number of the contract whose card is open, by which a second person finds it. */
const openNumber = async (member: Member) =>
  /CTR-\d+-\d+/.exec(await member.field("number").innerText())?.[0] ?? "no number yet";

const openOnApproval = async (member: Member, which: Locator | string) => {
  await member.chooseState("On approval");
  if (typeof which === "string") await member.open(which);
  else await which.click();
};

test("signs in: the address is checked and remembered, and a wrong password says no more than that", async ({
  office,
  sitDown,
}) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  const problem = page.getByRole("alert");
  await keepScreenInAllLooks(page, "sign-in-address");
  await expectAccessible(page);

  await ivan.giveAddress("127.0.0.1:9"); // discard (RFC 863): nobody listens there
  await expect(problem).toContainText("Nothing answers at this address.");
  await ivan.giveAddress("not an address");
  await expect(problem).toContainText("This is not an address.");
  await ivan.giveAddress("http://kontor.example.com");
  await expect(problem).toContainText("Use https://");
  await keepScreen(page, "sign-in-wrong-address");

  await ivan.giveAddress(new URL(office.url).host);
  await ivan.givePassword("not-the-password");
  await expect(problem).toHaveText("User name or password is not right.");
  await ivan.givePassword("not-the-password", "nobody-of-that-name");
  await expect(problem).toHaveText("User name or password is not right.");
  await keepScreen(page, "sign-in-wrong-password");

  await ivan.givePassword("aurora-demo", "ivan");
  await ivan.expectSaved();
  await ivan.desktop.close();

  const again = await sitDown("ivan", ivan);
  await again.expectSaved(); // still signed in
  await again.signOut();
  await expect(again.page.getByText(office.url)).toBeVisible(); // the address is not asked for again
  await expect(again.page.getByLabel("User name")).toHaveValue("ivan");
  await again.givePassword("aurora-demo");
  await again.expectSaved();
});

test("a card with a Word document: attached, uploaded, previewed, edited, and seen by a second person", async ({
  office,
  sitDown,
  userData,
}) => {
  const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
  await ivan.signIn(office.url);
  await maria.signIn(office.url);
  await keepScreenInAllLooks(ivan.page, "list");
  await expectAccessible(ivan.page);

  await openOnApproval(ivan, ivan.list.getByRole("option").first());
  const number = await openNumber(ivan);
  await openOnApproval(maria, number);

  const chosen = await writeDocument(userData, "Договор поставки.docx");
  const dropped = await writeDocument(userData, "Specification.docx");
  await ivan.attach("Contract text", chosen);
  await ivan.drop("Attachments", dropped);

  // The card is not blocked meanwhile: a field is edited before the previews are there.
  const subject = `Аренда склада, секция ${Date.now() % 10_000}`;
  await ivan.edit("subject", subject);
  await expect(ivan.card.getByRole("heading", { level: 1 })).toHaveText(subject);

  for (const member of [ivan, maria]) {
    await member.expectPreview(basename(chosen));
    await member.expectPreview(basename(dropped));
    await expect(member.card.getByRole("heading", { level: 1 })).toHaveText(subject, ARRIVAL);
  }
  await ivan.expectSaved();
  await keepScreenInAllLooks(ivan.page, "card");
  await expectAccessible(ivan.page);
  await keepScreen(maria.page, "card-of-the-second-person");

  for (const member of [ivan, maria]) {
    await member.file(basename(chosen)).getByRole("button", { name: /^Open/ }).click();
    const viewer = member.page.getByRole("region", { name: `Preview of ${basename(chosen)}` });
    await expectPicture(viewer.getByRole("img", { name: "Page 1" }));
    await keepScreen(member.page, `preview-pages-${member.login}`);
    await viewer.getByText("PDF", { exact: true }).click();
    await expect(viewer.locator("[data-page='1'] canvas")).toBeVisible(ARRIVAL);
    await expect(viewer.locator("[data-page='1']")).toContainText(/\p{Script=Cyrillic}{3}/u, ARRIVAL); // its text can be selected
    await keepScreen(member.page, `preview-pdf-${member.login}`);
    if (member === ivan) await expectAccessible(member.page);
    await member.page.keyboard.press("Escape");
    await expect(viewer).toBeHidden();
  }
});

/** It is there, and it is a picture. */
async function expectPicture(image: Locator): Promise<void> {
  await expect(image).toBeVisible(ARRIVAL);
  await expect.poll(() => image.evaluate((each: HTMLImageElement) => each.naturalWidth), ARRIVAL).toBeGreaterThan(100);
}

for (const end of ["stop", "kill"] as const) {
  const how = end === "stop" ? "stopped" : "killed (kill -9)";
  test(`[SYN-1] [SYN-4] the server is ${how}, the app killed (kill -9): everything waits, and arrives once`, async ({
    office,
    sitDown,
    userData,
  }) => {
    const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
    await ivan.signIn(office.url);
    await maria.signIn(office.url);
    await openOnApproval(ivan, ivan.list.getByRole("option").nth(1));
    const number = await openNumber(ivan);
    await openOnApproval(maria, number);

    await office[end]();
    await ivan.expectOffline();
    const summary = `Правка без сети, ${end} ${Date.now()}`;
    await ivan.edit("summary", summary);
    await expect(ivan.card).toContainText("1 change not sent yet");

    const subject = `Поставка без сети, ${end} ${Date.now()}`;
    await createContract(ivan, subject);
    const paper = await writeDocument(userData, `Без сети ${end}.docx`);
    await ivan.attach("Contract text", paper);
    await expect(ivan.file(basename(paper))).toContainText("waits for network");
    await keepScreenInAllLooks(ivan.page, `offline-${end}-card`);

    await ivan.desktop.kill();
    const back = await sitDown("ivan", ivan);
    await back.expectOffline();
    await back.open(number);
    await expect(back.field("summary")).toContainText(summary);
    await back.open(subject);
    await expect(back.file(basename(paper))).toContainText("waits for network");
    await expect(back.card).toContainText("1 change not sent yet");
    await back.page.getByRole("button", { name: /^Outbox/ }).click();
    await expect(back.page.getByRole("region", { name: "Outbox" })).toContainText(subject);
    await keepScreen(back.page, `offline-${end}-outbox`);
    await expectAccessible(back.page);

    await office.start();
    await back.tryNow();
    await maria.tryNow();
    await back.expectSaved();
    await expect(back.page.getByRole("region", { name: "Outbox" })).toContainText("Everything has been sent");

    // Her card was open all the time.
    await expect(maria.field("summary")).toContainText(summary, ARRIVAL);
    // A draft is its owner's own; on approval the department sees it, and it comes into her list by itself.
    await back.page.getByRole("button", { name: /^Objects/ }).click();
    await back.open(subject);
    await back.card.getByRole("button", { name: "Send for approval" }).click();
    await expect(maria.list.getByRole("option").filter({ hasText: subject })).toHaveCount(1, ARRIVAL);
    await maria.open(subject);
    await maria.expectPreview(basename(paper));
    await expect(maria.file(basename(paper))).toHaveCount(1);
    await expect(maria.field("number")).toContainText(/CTR-\d{4}-\d{4}/);
    const history = maria.card.getByRole("complementary", { name: "History" });
    await expect(history.getByText("created this")).toHaveCount(1);
    await expect(history.getByText("Attached")).toHaveCount(1);
    await keepScreen(maria.page, `offline-${end}-arrived`);
  });
}

async function createContract(member: Member, subject: string): Promise<void> {
  await member.page.getByRole("button", { name: "New", exact: true }).click();
  const form = member.card.locator("form");
  await form.getByRole("textbox", { name: "Subject" }).fill(subject);
  await form.getByRole("textbox", { name: "Amount", exact: true }).fill("125000");
  await form.locator("[data-field='validFrom'] input").first().fill("1 Dec 2026");
  await form.locator("[data-field='counterparty'] input").first().click();
  await member.page.getByRole("option").filter({ visible: true }).last().click();
  await form.getByRole("button", { name: "Create" }).click();
  await expect(member.card.getByRole("heading", { level: 1 })).toHaveText(subject);
}

test("two people without a server: different fields are both kept, of the same field both values are shown", async ({
  office,
  sitDown,
}) => {
  const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
  await ivan.signIn(office.url);
  await maria.signIn(office.url);
  await openOnApproval(ivan, ivan.list.getByRole("option").nth(2));
  const number = await openNumber(ivan);
  await openOnApproval(maria, number);

  await office.stop();
  await ivan.expectOffline();
  await maria.expectOffline();
  await ivan.edit("paymentDays", "21");
  await maria.edit("noticeDays", "45");
  await ivan.edit("summary", "Кратко, как понял Иван");
  await maria.edit("summary", "Кратко, как поняла Мария");
  await office.start();
  await ivan.tryNow();
  await ivan.expectSaved();
  await maria.tryNow();
  await maria.expectSaved();

  for (const member of [ivan, maria]) {
    await expect(member.field("paymentDays")).toContainText("21", ARRIVAL);
    await expect(member.field("noticeDays")).toContainText("45", ARRIVAL);
    const conflict = member.card.getByRole("group", { name: "Conflict: Summary" });
    await expect(conflict).toContainText("Кратко, как понял Иван", ARRIVAL);
    await expect(conflict).toContainText("Кратко, как поняла Мария");
    await keepScreen(member.page, `conflict-${member.login}`);
  }
  await expectAccessible(ivan.page);

  await ivan.card.getByRole("group", { name: "Conflict: Summary" }).getByRole("button", { name: "Keep mine" }).click();
  for (const member of [ivan, maria]) {
    await expect(member.field("summary")).toContainText("Кратко, как понял Иван", ARRIVAL);
    await expect(member.card.getByRole("group", { name: "Conflict: Summary" })).toBeHidden(ARRIVAL);
  }
});
