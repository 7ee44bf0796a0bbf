// The walk of mail as people go it: a letter with a card and a file to a colleague and to somebody outside, whose mailbox is at a
// real IMAP server behind a real post office; their answer; the same without a network; and an account elsewhere.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { expect, type Page } from "@playwright/test";
import type { TestServer } from "../harness/server.ts";
import { apiOf } from "../walks/administrator.ts";
import {
  addCard,
  addCopy,
  addRecipient,
  attachFile,
  beginMessage,
  composerOf,
  expectDraftSaved,
  pressSend,
  toOf,
  undoBarOf,
  writeText,
  writingOf,
} from "../walks/composer.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks, wear } from "../walks/looks.ts";
import { arrival, goToMail, headingOf, listOf, paneOf, read, rowsOf, textOf } from "../walks/mailbox.ts";
import type { Member } from "../walks/member.ts";
import { test as base } from "../walks/office.ts";
import { writeDocument } from "../walks/papers.ts";
import { officeAddress, outsideDomain, outsideMissing, startOutsideMail, type OutsideMail } from "./outsideMail.ts";

const LONG_TEST_MS = 420_000; // two desktops, a server, a post office, on two busy cores
const STARTS_MS = 240_000;

const test = base.extend<object, { outside: OutsideMail; office: TestServer }>({
  outside: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
    async ({}, use) => {
      const outside = await startOutsideMail();
      await use(outside);
      await outside.close();
    },
    { scope: "worker", timeout: STARTS_MS },
  ],
  office: [async ({ outside }, use) => use(outside.office), { scope: "worker", timeout: STARTS_MS }],
});
const missing = outsideMissing();
test.skip(missing !== undefined, missing);
test.setTimeout(LONG_TEST_MS);

const OLGA = `olga@${outsideDomain}`;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Contract {
  readonly number?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A contract with an amount that both of them see. */
async function contractOfBoth(url: string): Promise<string> {
  const seenBy = async (login: "ivan" | "maria") => {
    const api = await apiOf(url, login);
    const { records } = await api<{ records: Contract[] }>("GET", "/records?type=contract&limit=200");
    return records.flatMap(({ fields, number }) => (number !== undefined && fields["amount"] ? [number] : []));
  };
  const [ivans, marias] = [await seenBy("ivan"), new Set(await seenBy("maria"))];
  const number = ivans.find((each) => marias.has(each));
  if (number === undefined) throw new Error("they have no contract in common");
  return number;
}

interface Letter {
  readonly subject: string;
  readonly paper: string;
  /** The number of the contract whose card it carries. */
  readonly contract: string;
}

/** To Maria and, in copy, to Olga outside. */
async function writeLetter(ivan: Member, { contract, paper, subject }: Letter): Promise<void> {
  const { page } = ivan;
  await beginMessage(page);
  await addCard(page, contract);
  await attachFile(ivan, paper);
  await addRecipient(page, "maria", /maria@/);
  await addCopy(page, OLGA);
  await writeText(page, subject, "Коллеги, добрый день! Договор и приложение — в письме.");
  await expectDraftSaved(page);
}

async function giveAmount(page: Page): Promise<void> {
  await expect(composerOf(page).getByText("people outside read its name only")).toBeVisible();
  await composerOf(page).getByRole("button", { name: "Choose what they read" }).click();
  const dialog = page.getByRole("dialog");
  for (const box of await dialog.getByRole("checkbox").all()) await box.uncheck();
  await dialog.getByRole("checkbox", { name: /^Amount/ }).check();
  await dialog.getByRole("checkbox", { name: "Attach it as a PDF, too" }).check();
  await keepScreenInAllLooks(page, "walk-card-outside");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Give 1 field" }).click();
  await expect(composerOf(page).getByText("people outside read its name and 1 field, with a PDF")).toBeVisible();
}

/** Exactly once, with the file as it was and the card as words and on paper. */
async function expectOutside(outside: OutsideMail, { contract, paper, subject }: Letter) {
  const found = async () => (await outside.inboxOf(OLGA)).filter((message) => message.subject === subject);
  await expect.poll(async () => (await found()).length, arrival).toBe(1);
  const [message] = await found();
  if (!message) throw new Error("it was there a moment ago");
  const [file, card, ...more] = message.attachments;
  expect([file?.name, sha256(file?.bytes ?? Buffer.alloc(0))]).toEqual([
    basename(paper),
    sha256(await readFile(paper)),
  ]);
  expect(card?.name.startsWith(contract) && card.name.endsWith(".pdf")).toBe(true);
  const printed = execFileSync("pdftotext", ["-", "-"], { input: card?.bytes ?? "" }).toString();
  expect(printed).toContain(`${contract} · `);
  expect(printed).toContain("Amount");
  expect(more).toEqual([]);
  expect(message.people.cc.map(({ address }) => address)).toEqual([OLGA]);
  expect(message.text).toContain(`${contract} · `);
  return message;
}

test("a letter with a card and a file goes to a colleague at once and to somebody outside, whose answer joins it", async ({
  office,
  outside,
  sitDown,
  userData,
}) => {
  const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
  await ivan.signIn(office.url);
  await maria.signIn(office.url);
  await goToMail(maria.page, "inbox");
  const subject = `Договор поставки ${Date.now()}`;
  const paper = await writeDocument(userData, "Приложение 1.docx");
  const letter = { subject, paper, contract: await contractOfBoth(office.url) };

  await test.step("it is written and sent", async () => {
    await writeLetter(ivan, letter);
    await giveAmount(ivan.page);
    await keepScreenInAllLooks(ivan.page, "walk-compose");
    await expectAccessible(ivan.page);
    await pressSend(ivan.page, "Send");
    await expect(undoBarOf(ivan.page, subject)).toBeVisible();
    await keepScreenInAllLooks(ivan.page, "walk-sending");
  });

  await test.step("a colleague has it, with a card that lives", async () => {
    await expect(rowsOf(maria.page, subject)).toHaveCount(1, arrival);
    await read(maria.page, subject);
    await expect(textOf(maria.page)).toContainText("Договор и приложение", arrival);
    await expect(paneOf(maria.page).getByRole("button", { name: /by your rights/ })).toContainText(letter.contract);
    await expect(paneOf(maria.page).getByTestId(`attachment-${basename(paper)}`)).toBeVisible();
    await keepScreenInAllLooks(maria.page, "walk-inside");
  });

  await test.step("somebody outside has it, with the file as it was and the card in words", async () => {
    const message = await expectOutside(outside, letter);
    expect(message.text).toMatch(/^Amount: .*\d/m);
    const labels = message.text.match(/^[^\n:]{2,30}: /gm);
    expect(labels).toEqual(["Amount: "]);
  });

  await test.step("their answer joins the conversation, of everybody to whom it goes", async () => {
    const [message] = (await outside.inboxOf(OLGA)).filter((each) => each.subject === subject);
    await outside.post({
      from: OLGA,
      to: ["ivan@aurora.example", "maria@aurora.example"],
      subject: `Re: ${subject}`,
      text: "Спасибо, условия нас устраивают.",
      ...(message ? { answers: message } : {}),
    });
    for (const { page } of [ivan, maria]) {
      await goToMail(page, "inbox");
      await rowsOf(page, subject).first().click({ timeout: arrival.timeout });
      await expect(rowsOf(page, subject)).toHaveCount(1);
      await expect(headingOf(page)).toContainText(subject);
      await expect(paneOf(page).getByText("Спасибо, условия нас устраивают.").last()).toBeVisible(arrival);
      await expect(paneOf(page).getByText("Olga North").first()).toBeVisible();
    }
    await keepScreenInAllLooks(ivan.page, "walk-answered");
    await expectAccessible(ivan.page);
  });

  await test.step("and the next answer from here reaches them in the same conversation", async () => {
    await paneOf(ivan.page).getByRole("button", { name: "Reply to all" }).click();
    await expect(composerOf(ivan.page).getByRole("group", { name: /olga@.*outside/ })).toBeVisible();
    await expect(writingOf(ivan.page)).toBeFocused();
    await ivan.page.keyboard.type("Подписываем.");
    await expect(writingOf(ivan.page)).toContainText(/On .+ wrote:/);
    await keepScreen(ivan.page, "walk-reply");
    await pressSend(ivan.page, "Send");
    const found = async () => (await outside.inboxOf(OLGA)).filter((each) => each.subject === `Re: ${subject}`);
    await expect.poll(async () => (await found()).length, arrival).toBe(1);
    const [reply] = await found();
    expect(reply?.text).toContain("Подписываем.");
    expect(reply?.refs.length).toBe(2);
  });
});

test("with the server away until after it was sent, it leaves exactly once, inside and outside", async ({
  office,
  outside,
  sitDown,
  userData,
}) => {
  const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
  await ivan.signIn(office.url);
  await maria.signIn(office.url);
  const subject = `Без сети ${Date.now()}`;
  const paper = await writeDocument(userData, "Приложение 2.docx");
  const letter = { subject, paper, contract: await contractOfBoth(office.url) };
  await office.stop();
  await ivan.expectOffline();
  await writeLetter(ivan, letter);
  await giveAmount(ivan.page);
  await pressSend(ivan.page, "Send when online");
  await expect(undoBarOf(ivan.page, subject)).toContainText("Goes out when online");
  await goToMail(ivan.page, "outbox");
  await expect(rowsOf(ivan.page, subject)).toHaveCount(1);
  await keepScreenInAllLooks(ivan.page, "walk-offline-outbox");
  expect(await outside.inboxOf(OLGA)).not.toContainEqual(expect.objectContaining({ subject }));

  await office.start();
  await ivan.tryNow();
  await ivan.expectSaved();
  await maria.tryNow();
  await goToMail(maria.page, "inbox");
  await expect(rowsOf(maria.page, subject)).toHaveCount(1, arrival);
  const message = await expectOutside(outside, letter);
  expect(message.text).toMatch(/^Amount: .*\d/m);

  await test.step("once it has left, another start of everything sends nothing again", async () => {
    await goToMail(ivan.page, "sent");
    await expect(rowsOf(ivan.page, subject)).toHaveCount(1, arrival);
    const api = await apiOf(office.url, "anton");
    const queued = async () => (await api<{ counts: { waiting: number } }>("GET", "/admin/mail/queue?limit=1")).counts;
    await expect.poll(async () => (await queued()).waiting, arrival).toBe(0);
    await office.kill();
    await office.start();
    await ivan.tryNow();
    await ivan.expectSaved();
    await maria.tryNow();
    await maria.expectSaved();
    await expect(rowsOf(maria.page, subject)).toHaveCount(1);
    await expect(rowsOf(ivan.page, subject)).toHaveCount(1);
    expect((await outside.inboxOf(OLGA)).filter((each) => each.subject === subject)).toHaveLength(1);
  });
});

test("an attachment goes outside as a link where one chose that, until its sender lets the message go", async ({
  office,
  outside,
  sitDown,
  userData,
}) => {
  const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
  const { page } = ivan;
  await ivan.signIn(office.url);
  await maria.signIn(office.url);
  const subject = `По ссылке ${Date.now()}`;
  const paper = await writeDocument(userData, "Приложение 3.docx");
  const name = basename(paper);
  const given = composerOf(page).getByRole("button", { name: `People outside get ${name}` });
  await office.stop();
  await ivan.expectOffline();

  await test.step("chosen by keys, without a network, as soon as somebody outside is named", async () => {
    await beginMessage(page);
    await attachFile(ivan, paper);
    await addRecipient(page, "maria", /maria@/);
    await expect(given).toBeHidden();
    await addCopy(page, OLGA);
    await writeText(page, subject, "Приложение — по ссылке.");
    await expect(given).toHaveText("as a file");
    await given.focus();
    await page.keyboard.press("Enter");
    const link = page.getByRole("menuitem", { name: "as a link" });
    await expect(link).toContainText("for 14 days");
    await keepScreenInAllLooks(page, "walk-as-link");
    await link.focus();
    await page.keyboard.press("Enter");
    await expect(given).toHaveText("as a link");
    await expect(given).toBeFocused();
    await expectAccessible(page);
    await expectDraftSaved(page);
    await pressSend(page, "Send when online");
  });

  await office.start();
  await ivan.tryNow();
  await ivan.expectSaved();
  await maria.tryNow();

  await test.step("a colleague has the file itself", async () => {
    await goToMail(maria.page, "inbox");
    await expect(rowsOf(maria.page, subject)).toHaveCount(1, arrival);
    await read(maria.page, subject);
    await expect(paneOf(maria.page).getByTestId(`attachment-${name}`)).toBeVisible(arrival);
    await expect(paneOf(maria.page).getByText("link until")).toBeHidden();
  });

  await test.step("whoever is outside fetches it, and no longer when its sender threw the message away", async () => {
    const found = async () => (await outside.inboxOf(OLGA)).find((message) => message.subject === subject);
    await expect.poll(found, arrival).toBeDefined();
    const message = await found();
    expect(message?.attachments).toEqual([]);
    expect(message?.text).toContain(name);
    const [link = ""] = new RegExp(`${officeAddress}/f/[\\w.-]+`).exec(message?.html ?? "") ?? [];
    const here = link.replace(officeAddress, office.url);
    const answer = await fetch(here);
    expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(sha256(await readFile(paper)));
    await goToMail(page, "sent");
    await read(page, subject);
    const tile = paneOf(page).getByTestId(`attachment-${name}`);
    await expect(tile).toContainText(/link until .*\d/, arrival);
    await keepScreenInAllLooks(page, "walk-as-link-sent");
    await expectAccessible(page);
    await listOf(page).focus();
    await page.keyboard.press("Delete");
    await expect(rowsOf(page, subject)).toHaveCount(0);
    await ivan.expectSaved();
    expect((await fetch(here)).status).toBe(404);
  });
});

test("why somebody outside did not get it is said in the reader's words, and the far server's stand beside them", async ({
  office,
  sitDown,
}) => {
  const ivan = await sitDown("ivan");
  const { page } = ivan;
  await ivan.signIn(office.url);
  const nobody = "nobody@post.example"; // the post office's own domain, where it has nobody
  const subject = `Nobody there ${Date.now()}`;
  await beginMessage(page);
  await toOf(page).fill(nobody);
  await page.keyboard.press("Enter");
  await writeText(page, subject, "Is anybody there?");
  await pressSend(page, "Send");
  await goToMail(page, "sent");
  // What says that it failed lies in the same conversation, and is the message that is open.
  await expect(rowsOf(page, subject)).toContainText("(2)", arrival);
  await rowsOf(page, subject).click();
  const ours = paneOf(page).getByRole("article", { name: "Иван Смирнов" });
  await expect(ours).toBeVisible();
  if ((await ours.getAttribute("data-folded")) !== null) await ours.getByRole("button").first().click();
  const state = page.getByRole("listitem").filter({ hasText: nobody });
  await expect(state).toContainText("not delivered", arrival);
  await expect(state.getByRole("paragraph")).toHaveText("There is no such mailbox. Check the address.");
  await expect(state.locator("q")).toHaveText(/^550 5\.1\.1 .*User unknown/);
  await keepScreenInAllLooks(page, "walk-not-delivered");
  await expectAccessible(page);
  await wear(page, { theme: "light", locale: "ru" });
  await expect(state.getByRole("paragraph")).toHaveText("Такого почтового ящика нет. Проверьте адрес.");
  await wear(page, { theme: "light", locale: "en" });
});

test("an account elsewhere is added, brings its mail, and answers as itself", async ({ office, outside, sitDown }) => {
  const james = await sitDown("james");
  const { page } = james;
  await james.signIn(office.url);
  const address = `james@${outsideDomain}`;
  const subject = `Offer ${Date.now()}`;
  await outside.post({ from: OLGA, to: [address], subject, text: "Our offer, as promised." });

  await test.step("by its address, its servers and its password", async () => {
    await page.evaluate(() => {
      window.location.hash = "#/mailSettings/accounts";
    });
    await page.getByRole("button", { name: "Add an account" }).click();
    const dialog = page.getByRole("dialog", { name: "Add an account" });
    await dialog.getByLabel("Mail address").fill(address);
    await dialog.getByRole("button", { name: "Next" }).click();
    await expect(dialog.getByLabel("Password", { exact: true })).toBeFocused(arrival);
    await dialog.getByLabel("Name of the account").fill("Medtech");
    await dialog.getByLabel("Reading (IMAP)").fill("localhost");
    await dialog.getByLabel("Port").first().fill(String(outside.dovecot.imapsPort));
    await dialog.getByLabel("Sending (SMTP)").fill("localhost");
    await dialog.getByLabel("Encryption").last().selectOption("STARTTLS");
    await dialog.getByLabel("Port").last().fill(String(outside.submission.port));
    await dialog.getByLabel("Password", { exact: true }).fill("not this one");
    await dialog.getByRole("button", { name: "Test" }).press("Enter");
    await expect(dialog.getByRole("status")).toContainText("Reading (IMAP): The name or the password", arrival);
    await expect(dialog.getByRole("button", { name: "Test" })).toBeFocused(); // and not what lies behind the dialog
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await expect(dialog.getByRole("alert")).toHaveText("Reading (IMAP): The name or the password is wrong.", arrival);
    await dialog.getByLabel("Password", { exact: true }).fill(outside.dovecot.password);
    await dialog.getByRole("button", { name: "Test" }).click();
    await expect(dialog.getByRole("status")).toContainText("Sending (SMTP): works", arrival);
    await expect(dialog.getByRole("status")).toContainText("Reading (IMAP): works");
    await keepScreenInAllLooks(page, "walk-account");
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await expect(dialog).toBeHidden(arrival);
    await expect(page.getByText("in step", { exact: true })).toBeVisible(arrival);
    await keepScreenInAllLooks(page, "walk-account-added");
  });

  await test.step("what lies there is read here", async () => {
    await goToMail(page, "inbox");
    await rowsOf(page, subject).first().click({ timeout: arrival.timeout });
    await expect(paneOf(page).getByText("Our offer, as promised.").last()).toBeVisible(arrival);
  });

  await test.step("the answer leaves by its own server, and lies in its own sent folder", async () => {
    await paneOf(page).getByRole("button", { name: "Reply", exact: true }).click();
    await expect(writingOf(page)).toBeFocused();
    await page.keyboard.type("We take it.");
    await pressSend(page, "Send");
    await expect.poll(() => outside.submission.messages.length, arrival).toBe(1);
    const [sent] = outside.submission.messages;
    expect(sent?.from).toBe(address);
    expect(sent?.to).toEqual([OLGA]);
    expect(sent?.encrypted).toBe(true);
    const kept = async () =>
      await outside.dovecot.doveadm("fetch", "-u", address, "hdr.subject", "mailbox", "Sent", "all");
    await expect.poll(kept, arrival).toContain(`Re: ${subject}`);
  });
});
