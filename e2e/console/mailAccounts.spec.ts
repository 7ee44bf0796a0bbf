// What an administrator sees of accounts that people have at providers: how they are going, and nothing of what lies in them.
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectOther, letter } from "../../server/src/mail/accounts/accounts.fixture.ts";
import { startDovecot } from "../../server/test/mail/dovecot.ts";
import { startSink } from "../../server/test/mail/sink.ts";
import { startServer } from "../harness/server.ts";
import { expectAccessible } from "../walks/looks.ts";
import { demoPassword } from "../walks/member.ts";
import { expect, goTo, keepConsoleInAllLooks, test } from "./consolePage.ts";

test.setTimeout(240_000); // a busy machine

test("an account at a provider is in step, waits while the provider is away, and is tried again", async ({
  consolePage: page,
}) => {
  const dovecot = await startDovecot();
  const sink = await startSink({
    certificate: { key: await readFile(join(dovecot.directory, "key.pem"), "utf8"), cert: dovecot.certificate },
    onAuth: (_auth, _session, done) => done(null, { user: "maria" }),
  });
  const ca = join(tmpdir(), `kontor-e2e-ca-${process.pid}.pem`);
  await writeFile(ca, dovecot.certificate);
  const server = await startServer({ env: { KONTOR_ACCOUNTS_PRIVATE: "yes", KONTOR_ACCOUNTS_CA: ca } });
  try {
    const other = await connectOther(dovecot, "maria-there");
    await other.append("INBOX", letter("secret-of-maria@x"));
    await other.logout();
    const { token } = (await (
      await fetch(`${server.url}/api/sign-in`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ login: "maria", password: demoPassword }),
      })
    ).json()) as { token: string };
    const added = await fetch(`${server.url}/api/mail/accounts`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: "There",
        address: "maria@there.example",
        imap: { host: "localhost", port: dovecot.imapsPort, security: "tls" },
        smtp: { host: "localhost", port: sink.port, security: "starttls" },
        userName: "maria-there",
        secret: { password: dovecot.password },
      }),
    });
    expect(added.status).toBe(201);

    await page.goto(`${server.url}/console/`);
    await page.getByLabel("Sign-in name").fill("anton");
    await page.getByLabel("Password", { exact: true }).fill(demoPassword);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible({ timeout: 20_000 });
    await goTo(page, "Mail");
    await goTo(page, "Accounts");
    const row = page.getByRole("row", { name: /maria@there\.example/ });
    await expect(row).toContainText("In step", { timeout: 60_000 });
    await expect(page.getByText("secret-of-maria")).toHaveCount(0);

    await dovecot.halt();
    await expect(row).toContainText("Waiting", { timeout: 60_000 });
    await expect(row).toContainText("Again");
    await keepConsoleInAllLooks(page, "console-mail-accounts");
    await expectAccessible(page);
    await dovecot.resume();
    await row.getByRole("button", { name: /Try now/ }).click();
    await expect(row).toContainText("In step", { timeout: 60_000 });
  } finally {
    await server.remove();
    await sink.stop();
    await dovecot.stop();
    await rm(ca, { force: true });
  }
});
