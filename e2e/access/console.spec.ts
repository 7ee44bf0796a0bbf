// Policies in the console as an administrator uses them: find one, change it in a draft, see what would happen, publish,
// explain, look through somebody's eyes, compare, and go back.
import type { Page } from "@playwright/test";
import { expectAccessible } from "../walks/looks.ts";
import { expect, goTo, keepConsoleInAllLooks, signIn, test } from "../console/consolePage.ts";

const LONG_TEST_MS = 480_000; // thirteen screens, each in four looks: two minutes on a quiet machine, several on a busy one
const SLOW = { timeout: 60_000 }; // what the server counts, on a small and busy machine

test.setTimeout(LONG_TEST_MS);
const title = "Staff read the contracts of their department";

/** A chip opens a list with search: type, and take the first that fits. */
async function choose(page: Page, chip: string | RegExp, words: string): Promise<void> {
  await page.getByRole("button", { name: chip }).first().click();
  await page.getByPlaceholder(/./).and(page.locator(":focus")).fill(words);
  const options = page.getByRole("listbox").getByRole("option");
  await options.filter({ hasText: words }).first().waitFor();
  await page.keyboard.press("Enter");
  await expect(options).toHaveCount(0);
}

/** A draft begun now: those of other tests are thrown away. */
async function openDraft(page: Page): Promise<void> {
  await signIn(page);
  await page.evaluate(async () => {
    const { drafts } = await (await fetch("/api/access/drafts")).json();
    for (const { id } of drafts) await fetch(`/api/access/drafts/${id}`, { method: "DELETE" });
  });
  await goTo(page, "Access");
  await page.getByLabel("Search policies").fill("contracts of their department");
  await page.getByRole("button", { name: `Edit: ${title}` }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.getByText("draft of version")).toBeVisible();
}

test("[POL-8] a policy is found, changed by form, mended, counted, published by typing, explained, compared and taken back", async ({
  consolePage: page,
}) => {
  await signIn(page);
  await goTo(page, "Access");
  await expect(page.getByRole("heading", { name: "Policies" })).toBeVisible();
  await expect(page.getByRole("link", { name: title })).toBeVisible();
  await keepConsoleInAllLooks(page, "access-policies");
  await expectAccessible(page);
  await page.getByLabel("Search policies").fill("contracts of their department");
  await expect(page.getByText("Allow · Contract · read · when Department is in subject’s departments")).toBeVisible();
  await page.getByRole("link", { name: title }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await keepConsoleInAllLooks(page, "access-policy");
  await expectAccessible(page);
  await page.goBack();
  await expect(page.getByLabel("Search policies")).toHaveValue("contracts of their department");

  // a draft, and a condition that one of its examples does not bear
  await page.getByRole("button", { name: `Edit: ${title}` }).click();
  await expect(page.getByText("Fits", { exact: true })).toBeVisible(SLOW);
  await expect(page.getByText("0 changed")).toBeVisible();
  await choose(page, "Value: Draft", "In force");
  await expect(page.getByText("2 examples fail")).toBeVisible(SLOW);
  await page.getByRole("tab", { name: /Examples/ }).click();
  await expect(page.getByText("not as expected").first()).toBeVisible();
  await keepConsoleInAllLooks(page, "access-examples");
  await expectAccessible(page);

  // mended: neither drafts nor what is on approval
  await page.getByRole("tab", { name: "Form" }).click();
  await choose(page, "Operator: is not", "is not in");
  await page.getByRole("button", { name: "Remove In force" }).click();
  await choose(page, "Add a value", "Draft");
  await choose(page, "Add a value", "On approval");
  await expect(page.getByText("Fits", { exact: true })).toBeVisible(SLOW);
  await expect(page.getByText("1 changed")).toBeVisible();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Count", exact: true }).click();
  await expect(page.getByText(/counted over [\d,]+ records/)).toBeVisible(SLOW);
  await expect(page.getByText(/records for \d+ (person|people)/).first()).toBeVisible();
  await page.getByRole("button", { name: "Show people" }).click();
  await keepConsoleInAllLooks(page, "access-draft");
  await expectAccessible(page);

  await page.getByRole("tab", { name: "JSON" }).click();
  await expect(page.getByRole("textbox", { name: "Policy as JSON" })).toContainText('"nin"');
  await keepConsoleInAllLooks(page, "access-json");
  await expectAccessible(page);
  await page.getByRole("button", { name: /^Compare with/ }).click();
  await expect(page.getByText("1 changed, 0 added, 0 removed")).toBeVisible();
  await keepConsoleInAllLooks(page, "access-compare");
  await expectAccessible(page);
  await page.goBack();

  // published by typing the draft's title, and in force
  const draftTitle = await page.getByLabel("Title of the draft").inputValue();
  await page.getByRole("button", { name: "Publish…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("1 policy changes.")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Publish" })).toBeDisabled();
  await dialog.getByRole("textbox").fill(draftTitle);
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("heading", { name: "Versions" })).toBeVisible(SLOW);
  const newest = page.getByRole("row").nth(1);
  await expect(newest).toContainText("in force");
  await expect(newest).toContainText(draftTitle);
  await keepConsoleInAllLooks(page, "access-versions");
  await expectAccessible(page);

  // what it denies now is explained, condition by condition
  await goTo(page, "Explain");
  await choose(page, "Person", "James Carter");
  await choose(page, "Type", "Contract");
  await choose(page, "Action", "read");
  await expect(page.getByText("Denied", { exact: true }).first()).toBeVisible(SLOW);
  await page.getByText(title).last().click();
  await expect(page.getByText("State is not in Draft, On approval")).toBeVisible();
  await keepConsoleInAllLooks(page, "access-explain");
  await expectAccessible(page);

  // through James's eyes
  await goTo(page, "View as");
  await choose(page, "Person", "James Carter");
  await choose(page, /^Type/, "Contract");
  await expect(page.getByRole("row").nth(1)).toBeVisible(SLOW);
  await keepConsoleInAllLooks(page, "access-view-as");
  await expectAccessible(page);
  await page.getByRole("row").nth(1).getByRole("button").first().click();
  await expect(page.getByRole("heading", { name: "What they may do" })).toBeVisible(SLOW);
  await keepConsoleInAllLooks(page, "access-view-as-record");
  await expectAccessible(page);

  // and back to what was in force before
  await goTo(page, "Versions");
  const before = page.getByRole("row").nth(2);
  const number = (await before.getByRole("cell").first().innerText()).trim();
  await before.getByRole("button", { name: `Revert to version ${number}` }).click();
  await dialog.getByRole("textbox").fill(number);
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Revert" }).click();
  await expect(page.getByRole("row").nth(1)).toContainText(`back to ${number}`, SLOW);
  await goTo(page, "Policies");
  await page.getByLabel("Search policies").fill("contracts of their department");
  await expect(page.getByText("State is not Draft", { exact: false }).first()).toBeVisible();
});

test("JSON that is no policy yet leaves the form as it was, and nothing typed is lost", async ({
  consolePage: page,
}) => {
  await openDraft(page);
  await page.getByRole("tab", { name: "JSON" }).click();
  const json = page.getByRole("textbox", { name: "Policy as JSON" });
  await json.click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type(" oops");
  await expect(page.getByText("This is not yet JSON.").first()).toBeVisible();
  await page.getByRole("tab", { name: "Form" }).click();
  await expect(page.getByText("What was typed as JSON is not yet a policy")).toBeVisible();
  await expect(page.getByLabel("Identifier").getByRole("textbox")).not.toBeEditable();
  await page.getByRole("button", { name: "Show in JSON" }).click();
  await expect(json).toContainText("oops");
  await page.getByRole("tab", { name: "Form" }).click();
  await page.getByRole("button", { name: "Drop what was typed" }).click();
  await expect(page.getByLabel("Identifier").getByRole("textbox")).toBeEditable();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await expect(page.getByRole("heading", { name: "Policies" })).toBeVisible();
});

test("conditions are added, moved, wrapped and removed with keys alone, and undone", async ({ consolePage: page }) => {
  await openDraft(page);
  const conditions = page.getByRole("group", { name: "Conditions" }).getByRole("listitem");
  await expect(conditions).toHaveCount(2);
  await page.getByRole("button", { name: "Add group" }).focus();
  await page.keyboard.press("Enter");
  await expect(conditions).toHaveCount(4); // the group and its first condition
  await page.keyboard.press("Alt+ArrowUp"); // the focus went to the new group
  await expect(conditions.nth(1)).toContainText("any of");
  await page.keyboard.press("Alt+Delete");
  await expect(conditions).toHaveCount(2);
  await page.getByRole("button", { name: /^Undo/ }).click();
  await expect(conditions).toHaveCount(4);
  await page.getByRole("button", { name: /^Undo/ }).click();
  await page.getByRole("button", { name: /^Undo/ }).click();
  await expect(conditions).toHaveCount(2);
  await expect(page.getByText("0 changed")).toBeVisible();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
});

test("a draft that somebody else saved meanwhile keeps both changes", async ({ consolePage: page, office }) => {
  await openDraft(page);
  const elsewhere = await page
    .context()
    .browser()
    ?.newContext({ baseURL: office.url, storageState: await page.context().storageState() });
  if (!elsewhere) throw new Error("The console's page has no browser of its own.");
  const other = await elsewhere.newPage();
  await other.goto(page.url());
  await other.getByLabel("Title of the draft").fill("The other one's words");
  await expect(other.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByLabel("Title of the draft").fill("My words");
  await expect(page.getByText("Somebody else saved this draft")).toBeVisible();
  await page.getByRole("button", { name: "Keep mine as a new draft" }).click();
  await expect(page.getByLabel("Title of the draft")).toHaveValue("My words (mine)");
  await elsewhere.close();
});

test("[POL-8] what was published meanwhile is not taken back unseen: the draft is brought up to date first", async ({
  consolePage: page,
}) => {
  await openDraft(page);
  await page.getByLabel("Title in English").fill("Staff read contracts of their own department");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await publishMeanwhile(page, "contract-department-read");
  await page.getByRole("button", { name: "Publish…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("was published since this draft was begun")).toBeVisible(SLOW);
  await expect(dialog.getByRole("textbox")).toHaveCount(0); // there is nothing to confirm yet
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Bring up to date" }).click();
  await expect(dialog.getByText("1 policy was changed on both sides")).toBeVisible(SLOW);
  await expect(dialog.getByText("contract-department-read")).toBeVisible();
  await expect(dialog.getByText("1 policy changes.")).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Discard" }).click();
  await dialog.getByRole("button", { name: "Discard" }).click();
  await expect(page.getByRole("heading", { name: "Policies" })).toBeVisible();
});

test("what was opened to somebody for a time is seen, and ended before it", async ({ consolePage: page }) => {
  await signIn(page);
  await goTo(page, "Access");
  await goTo(page, "Requests and grants");
  const granted = page.getByRole("row").filter({ hasText: "James Carter" });
  await expect(granted).toContainText("read");
  await keepConsoleInAllLooks(page, "access-grants");
  await expectAccessible(page);
  await granted.getByRole("button", { name: "End now" }).click();
  await expect(page.getByRole("dialog")).toContainText("James Carter loses access");
  await page.getByRole("dialog").getByRole("button", { name: "End now" }).click();
  await expect(granted).toHaveCount(0);
  await page.getByText("Ended", { exact: true }).click();
  await expect(granted).toHaveCount(1);
});

/** As another administrator would: a contact for one policy, published. */
const publishMeanwhile = (page: Page, policyId: string) =>
  page.evaluate(async (changed) => {
    const call = async (method: string, path: string, body: object) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`/api/access${path}`, { method, headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    };
    const draft = await call("POST", "/drafts", { title: "Meanwhile" });
    const policies = draft.policies.map((policy: { id: string }) =>
      policy.id === changed ? { ...policy, contact: "legal@example.org" } : policy,
    );
    const { version } = await call("PUT", `/drafts/${draft.id}`, {
      title: "Meanwhile",
      version: draft.version,
      policies,
    });
    await call("POST", `/drafts/${draft.id}/publish`, { version, baseRev: draft.baseRev, confirm: "Meanwhile" });
  }, policyId);
