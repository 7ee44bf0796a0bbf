// Policies in the console as an administrator uses them: find one, change it in a draft, see what would happen, publish,
// explain, look through somebody's eyes, compare, and go back.
import { request as newRequests, type Page } from "@playwright/test";
import { expectAccessible, keepScreen } from "../walks/looks.ts";
import { demoPassword } from "../walks/member.ts";
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

test("[VIS-4] a request is refused with words, another granted no wider than the administrator's own access", async ({
  consolePage: page,
  office,
}) => {
  await askForCard(office.url, "Luca Ferrari");
  await signIn(page);
  await goTo(page, "Access");
  await goTo(page, "Requests and grants");
  await page.getByText("Open requests", { exact: true }).click();
  const fromMaria = page.getByRole("row").filter({ hasText: "Мария Волкова" });
  const fromJames = page.getByRole("row").filter({ hasText: "James Carter" });
  await expect(fromMaria).toContainText("Luca Ferrari");
  await keepConsoleInAllLooks(page, "access-requests");
  await expectAccessible(page);
  const dialog = page.getByRole("dialog");

  // what the administrator does not see cannot be granted, and can be refused, with keys alone
  await fromJames.getByRole("button", { name: "Grant… James Carter" }).focus();
  await page.keyboard.press("Enter");
  await expect(dialog).toContainText("You cannot see this record yourself");
  await expect(dialog).toContainText("The request was put before: Иван Смирнов");
  await keepScreen(page, "access-answer-not-seen");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(fromJames.getByRole("button", { name: "Grant… James Carter" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(dialog.getByLabel("A word to James Carter")).toBeFocused();
  await page.keyboard.type("Ask Ivan himself, please.");
  await keepScreen(page, "access-refuse");
  await expectAccessible(page);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(fromJames).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Open requests" })).toBeFocused();

  // more than the administrator's own: refused by name of the section
  const answerMaria = fromMaria.getByRole("button", { name: "Grant… Мария Волкова" });
  await answerMaria.click();
  await expect(dialog.getByRole("radio", { name: "edit" })).toHaveCount(0); // wider than asked
  await expect(dialog.getByRole("radio", { name: "as asked" })).toBeChecked();
  await dialog.getByRole("button", { name: "Grant", exact: true }).click();
  await expect(dialog.getByRole("alert")).toContainText("You can only grant what you may see and edit yourself.");
  await expect(dialog.getByRole("alert")).toContainText("Personal");
  await keepScreen(page, "access-answer-light-en");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await keepAnswerInOtherLooks(page);

  // and less than asked is granted
  await answerMaria.click();
  await dialog.getByRole("checkbox", { name: "Employment" }).uncheck();
  await dialog.getByRole("checkbox", { name: "Personal" }).uncheck();
  await dialog.getByRole("checkbox", { name: "Pay" }).uncheck();
  await expect(dialog).toContainText("Choose at least one section.");
  await expect(dialog.getByRole("button", { name: "Grant", exact: true })).toBeDisabled();
  await dialog.getByRole("checkbox", { name: "Employment" }).check();
  await dialog.getByRole("radio", { name: "another moment" }).check();
  await expect(dialog.getByLabel("Last moment")).not.toHaveValue("");
  await dialog.getByRole("radio", { name: "a week" }).check();
  await dialog.getByLabel("A word to Мария Волкова").fill("For pay, ask Human resources.");
  await dialog.getByRole("button", { name: "Grant", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(fromMaria).toHaveCount(0);
  await page.getByText("Granted", { exact: true }).click();
  await expect(fromMaria).toContainText("Employment");
  await expect(fromMaria).toContainText("For pay, ask Human resources.");
  await page.getByText("Refused", { exact: true }).click();
  await expect(fromJames).toContainText("Ask Ivan himself, please.");
});

test("[VIS-4] who answers a request after somebody else is told so", async ({ consolePage: page, office }) => {
  const id = await askForCard(office.url, "Sophie Laurent");
  await signIn(page);
  await goTo(page, "Access");
  await goTo(page, "Requests and grants");
  await page.getByText("Open requests", { exact: true }).click();
  const fromMaria = page.getByRole("row").filter({ hasText: "Мария Волкова" });
  await fromMaria.getByRole("button", { name: "Refuse… Мария Волкова" }).click();
  const refused = await page.request.post(`/api/access/requests/${id}/refuse`, {
    headers: { origin: office.url },
    data: {},
  });
  expect(refused.status()).toBe(200);
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Refuse", exact: true }).click();
  await expect(dialog.getByRole("alert")).toContainText("Somebody has already answered this request.");
  await expect(fromMaria).toHaveCount(0);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("region", { name: "Open requests" })).toBeFocused();
});

test("[POL-2] a policy that stands against a grant is named, with whom to ask", async ({
  consolePage: page,
  office,
}) => {
  await askForCard(office.url, "Николай Зайцев", "edit");
  await signIn(page);
  const deny = {
    id: "employee-frozen-for-maria",
    title: { en: "Cards are shut during the audit", ru: "На время проверки карточки закрыты" },
    effect: "deny",
    resource: "employee",
    actions: ["read"],
    sections: ["main"],
    when: { eq: ["sub.login", "maria"] },
    contact: "hr",
  };
  await publish(page, "Shut", (policies) => [...policies, deny]);
  await goTo(page, "Access");
  await goTo(page, "Requests and grants");
  await page.getByText("Open requests", { exact: true }).click();
  const fromMaria = page.getByRole("row").filter({ hasText: "Мария Волкова" });
  await fromMaria.getByRole("button", { name: "Grant… Мария Волкова" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("radio", { name: "edit" })).toBeChecked(); // as asked, and can be narrowed
  await dialog.getByRole("radio", { name: "read" }).check();
  await dialog.getByRole("checkbox", { name: "Personal" }).uncheck();
  await dialog.getByRole("checkbox", { name: "Pay" }).uncheck();
  await dialog.getByRole("button", { name: "Grant", exact: true }).click();
  await expect(dialog.getByRole("alert")).toContainText("A policy stands against it");
  await expect(dialog.getByRole("alert")).toContainText("Cards are shut during the audit; ask Human resources");
  await keepScreen(page, "access-answer-deny");
  await expectAccessible(page);
  await publish(page, "Open again", (policies) => policies.filter(({ id }) => id !== deny.id));
  await dialog.getByRole("button", { name: "Grant", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(fromMaria).toHaveCount(0);
});

/** As a program of Maria's would: she asks for the whole card of somebody whom no other spec asks about. */
async function askForCard(url: string, name: string, level: "read" | "edit" = "read"): Promise<string> {
  const request = await newRequests.newContext({ baseURL: url, extraHTTPHeaders: { origin: url } });
  const signedIn = await request.post("/api/console/sign-in", { data: { login: "maria", password: demoPassword } });
  expect(signedIn.status()).toBe(200);
  const { records } = await (await request.get("/api/records?type=employee&limit=100")).json();
  const card = records.find((record: { fields: { fullName?: string } }) => record.fields.fullName === name);
  const until = new Date(Date.now() + 14 * 86_400_000).toISOString();
  const asked = await request.post("/api/access/requests", {
    data: { recordId: card.id, type: "employee", level, until, why: "The budget of the department for 2027" },
  });
  expect(asked.status()).toBe(202);
  const { id } = await asked.json();
  await request.dispose();
  return id;
}

/** A dialog lies over the account's menu: the look is chosen first. */
async function keepAnswerInOtherLooks(page: Page): Promise<void> {
  const account = page.getByRole("banner").getByRole("button");
  const dialog = page.getByRole("dialog");
  const keepIn = async (items: readonly string[], grant: RegExp, send: string, look: string) => {
    for (const item of items) {
      await account.click();
      await page.getByRole("menuitemradio", { name: item, exact: true }).click();
      await page.keyboard.press("Escape");
      await expect(page.getByRole("menu")).toBeHidden();
    }
    await page.getByRole("button", { name: grant }).click();
    await dialog.getByRole("button", { name: send, exact: true }).click();
    await expect(dialog.getByRole("alert")).toBeVisible();
    await keepScreen(page, `access-answer-${look}`);
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
  };
  await keepIn(["Dark"], /^Grant… Мария/, "Grant", "dark-en");
  await keepIn(["Русский"], /^Открыть… Мария/, "Открыть", "dark-ru");
  await keepIn(["Светлое"], /^Открыть… Мария/, "Открыть", "light-ru");
  await account.click();
  await page.getByRole("menuitemradio", { name: "English", exact: true }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toBeHidden();
}

interface AnyPolicy {
  readonly id: string;
  readonly [part: string]: unknown;
}

/** As another administrator would. */
async function publish(page: Page, title: string, change: (policies: readonly AnyPolicy[]) => readonly AnyPolicy[]) {
  const call = (method: string, path: string, body: object) =>
    page.evaluate(
      async (asked) => {
        const response = await fetch(`/api/access${asked.path}`, {
          method: asked.method,
          headers: { "content-type": "application/json" },
          body: JSON.stringify(asked.body),
        });
        if (!response.ok) throw new Error(await response.text());
        return response.json();
      },
      { method, path, body },
    );
  const draft = await call("POST", "/drafts", { title });
  const { version } = await call("PUT", `/drafts/${draft.id}`, {
    title,
    version: draft.version,
    policies: change(draft.policies),
  });
  await call("POST", `/drafts/${draft.id}/publish`, { version, baseRev: draft.baseRev, confirm: title });
}

const publishMeanwhile = (page: Page, policyId: string) =>
  publish(page, "Meanwhile", (policies) =>
    policies.map((policy) => (policy.id === policyId ? { ...policy, contact: "legal@example.org" } : policy)),
  );
