// What was typed when somebody quits.
import { goToMail, rowsOf } from "../walks/mailbox.ts";
import { beginMessage, composerOf, writeText, writingOf } from "../walks/composer.ts";
import { expect, test } from "../walks/office.ts";

const LONG_TEST_MS = 180_000; // a desktop that is started twice, on two busy cores

test.setTimeout(LONG_TEST_MS);

test("[SYN-1] quitting right after the last key loses no letter", async ({ office, sitDown }) => {
  const james = await sitDown("james");
  await james.signIn(office.url);
  await beginMessage(james.page);
  await writeText(james.page, "Quit at once", "Everything up to the very last wor");
  await james.page.keyboard.type("d");
  await james.desktop.close();

  const again = await sitDown("james", james);
  await goToMail(again.page, "drafts");
  await rowsOf(again.page, "Quit at once").click();
  await expect(writingOf(again.page)).toContainText("the very last word");
  await expect(composerOf(again.page)).toBeVisible();
});
