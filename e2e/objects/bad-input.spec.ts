// What goes wrong on a user's computer or by a user's hand: told, mended, and nothing of theirs is lost.
import { closeSync, openSync, readFileSync, readdirSync, statSync, truncateSync, writeSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { expect, test } from "../walks/office.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";

const LONG_TEST_MS = 240_000;
const ARRIVAL = { timeout: 30_000 };

test.setTimeout(LONG_TEST_MS);

/** The replica's main file; there is one account in the folder. */
function replicaFile(userData: string): string {
  const replicas = join(userData, "replicas");
  const folder = readdirSync(replicas).find((name) => statSync(join(replicas, name)).isDirectory());
  return join(replicas, folder ?? "", "replica.db");
}

const damages: readonly (readonly [string, (path: string) => void])[] = [
  ["cut off", (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
  [
    "overwritten in many places",
    (path) => {
      const file = openSync(path, "r+");
      for (let at = 512; at < statSync(path).size; at += 4096) writeSync(file, Buffer.alloc(64, 0xa5), 0, 64, at);
      closeSync(file);
    },
  ],
];

for (const [damage, harm] of damages) {
  test(`[SYN-1] a replica file that was ${damage}: set aside, told, filled again, and unsent work is kept`, async ({
    office,
    sitDown,
  }) => {
    const ivan = await sitDown("ivan");
    await ivan.signIn(office.url);
    await ivan.chooseState("On approval");
    await ivan.list.getByRole("option").last().click();
    const number = /CTR-\d+-\d+/.exec(await ivan.field("number").innerText())?.[0] ?? "no number yet";
    await office.stop();
    await ivan.expectOffline();
    const summary = `Не потерять, ${Date.now()}`;
    await ivan.edit("summary", summary);
    await ivan.desktop.close();

    harm(replicaFile(ivan.userData));
    const back = await sitDown("ivan", ivan);
    await back.expectOffline();
    await expect(back.connection).toContainText("1 waiting");
    await expect(back.page.getByText("This computer's copy was damaged and is being filled again")).toBeVisible(
      ARRIVAL,
    );
    await keepScreen(back.page, `damaged-${damage.replaceAll(" ", "-")}`);
    const setAside = readdirSync(join(replicaFile(back.userData), "..")).filter((name) => name.includes("damaged"));
    expect(setAside.length).toBeGreaterThan(0);

    await office.start();
    await back.tryNow();
    await back.expectSaved();
    await back.chooseState("On approval");
    await back.open(number);
    await expect(back.field("summary")).toContainText(summary, ARRIVAL);
  });
}

test("[SYN-7] a change that the server refuses comes back as an issue, with what the user had put in", async ({
  office,
  sitDown,
}) => {
  const [ivan, anna] = [await sitDown("ivan"), await sitDown("anna")];
  await ivan.signIn(office.url);
  await anna.signIn(office.url);
  await ivan.chooseState("On approval");
  await ivan.list.getByRole("option").last().click();
  const number = /CTR-\d+-\d+/.exec(await ivan.field("number").innerText())?.[0] ?? "no number yet";
  await anna.chooseState("On approval");
  await anna.open(number);

  // Without the server he edits what his head, whose change arrives first, has approved: then it may not be edited.
  await office.stop();
  await ivan.expectOffline();
  await anna.expectOffline();
  const typed = `Срок по согласованию ${Date.now()}`;
  await ivan.edit("paymentTerms", typed);
  await anna.card.getByRole("button", { name: "Approve" }).click();
  await ivan.desktop.close();
  await office.start();
  await anna.tryNow();
  await anna.expectSaved();

  const back = await sitDown("ivan", ivan);
  await expect(back.page.getByRole("button", { name: "Issues, 1" })).toBeVisible(ARRIVAL);
  await back.page.getByRole("button", { name: "Issues, 1" }).click();
  const issues = back.page.getByRole("region", { name: "Issues" });
  await expect(issues).toContainText(typed);
  await keepScreenInAllLooks(back.page, "issue");
  await expectAccessible(back.page);
  await issues.getByRole("button", { name: "Discard" }).click();
  await back.page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await expect(issues).toContainText("Nothing was refused");
  await back.expectSaved();
});

test("a server whose certificate nobody vouches for gets no password", async ({ sitDown, userData }) => {
  const [key, certificate] = [join(userData, "key.pem"), join(userData, "certificate.pem")];
  const subject = ["-subj", "/CN=localhost", "-days", "1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-keyout", key, "-out", certificate, ...subject], {
    stdio: "ignore",
  });
  const heard: string[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    heard.push(request.url ?? "");
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const ivan = await sitDown("ivan");
    await ivan.giveAddress(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(ivan.page.getByRole("alert")).toContainText("The server's certificate is not valid");
    await keepScreen(ivan.page, "sign-in-certificate");
    expect(heard).toEqual([]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
