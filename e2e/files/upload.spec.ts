// Files under bad conditions: an upload that is cut off goes on where it stopped, and a preview that cannot be made says why.
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "../walks/office.ts";
import { keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import { writeNoise } from "../walks/papers.ts";

const LONG_TEST_MS = 240_000;
const ARRIVAL = { timeout: 60_000 };
const BIG_BYTES = 96 * 1024 ** 2; // two dozen pieces: enough to be met in the middle

test.setTimeout(LONG_TEST_MS);

test("an upload goes on where it stopped, after kill -9 of the server and of the app", async ({
  office,
  sitDown,
  userData,
}) => {
  const [ivan, maria] = [await sitDown("ivan"), await sitDown("maria")];
  await ivan.signIn(office.url);
  await maria.signIn(office.url);
  await ivan.chooseState("On approval");
  await ivan.list.getByRole("option").first().click();
  const number = /CTR-\d+-\d+/.exec(await ivan.field("number").innerText())?.[0] ?? "no number yet";
  await maria.chooseState("On approval");
  await maria.open(number);

  const big = await writeNoise(userData, `Съёмка ${Date.now()}.bin`, BIG_BYTES);
  const name = basename(big);
  await ivan.attach("Attachments", big);
  await expect(ivan.file(name)).toContainText(/uploading [1-9]\d? %/, { timeout: 30_000 });
  await office.kill();
  await expect(ivan.file(name)).toContainText("waits for network", ARRIVAL);
  const sent = await sentPercent();
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(100);
  await keepScreen(ivan.page, "upload-cut-off");

  await ivan.desktop.kill();
  await office.start();
  const back = await sitDown("ivan", ivan);
  await back.expectSaved();
  await back.open(number);
  await expect(back.file(name)).toContainText("no preview", ARRIVAL);
  await maria.tryNow();
  await expect(maria.file(name)).toContainText("no preview", ARRIVAL);

  // All of it, byte for byte, on the second person's computer.
  const saved = join(userData, "saved.bin");
  await maria.desktop.electronApp.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath });
  }, saved);
  await maria
    .file(name)
    .getByRole("button", { name: /^Actions for/ })
    .click();
  await maria.page.getByRole("menuitem", { name: "Save as…" }).click();
  await expect(maria.page.getByText(`Saved: ${name}`)).toBeVisible(ARRIVAL);
  expect((await readFile(saved)).equals(await readFile(big))).toBe(true);

  async function sentPercent(): Promise<number> {
    return Number(await ivan.file(name).getByRole("progressbar").getAttribute("aria-valuenow"));
  }
});

test("a preview that cannot be made says why, and the file is kept", async ({ office, sitDown, userData }) => {
  const ivan = await sitDown("ivan");
  await ivan.signIn(office.url);
  await ivan.chooseState("On approval");
  await ivan.list.getByRole("option").first().click();

  const noDocument = join(userData, "Не документ.docx");
  await writeFile(noDocument, "This was renamed from something else.");
  const empty = join(userData, "Пустой.docx");
  await writeFile(empty, "");
  await ivan.attach("Attachments", noDocument);
  await ivan.attach("Attachments", empty);
  await ivan.attach("Attachments", join(import.meta.dirname, "samples/encrypted.docx"));

  await expect(ivan.file(basename(noDocument))).toContainText("The file is not what its name says.", ARRIVAL);
  await expect(ivan.file(basename(empty))).toContainText("The file is empty.", ARRIVAL);
  await expect(ivan.file("encrypted.docx")).toContainText("The file is protected by a password.", ARRIVAL);
  await ivan.file("encrypted.docx").scrollIntoViewIfNeeded();
  await keepScreenInAllLooks(ivan.page, "preview-failures");
});
