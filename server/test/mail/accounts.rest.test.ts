import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectOther, letter, pictureThere } from "../../src/mail/accounts/accounts.fixture.ts";
import { startDovecot, type Dovecot } from "./dovecot.ts";
import { startMailServer, type MailServer, type MailUser } from "./mailServer.ts";
import { startSink, type Sink } from "./sink.ts";

/** A whole server, a person with an account at a real provider, and everything that is done about it over HTTP. */
let dovecot: Dovecot;
let sink: Sink;
let server: MailServer;
let anna: MailUser;
let boris: MailUser;
const ca = join(tmpdir(), `kontor-ca-${process.pid}.pem`);

beforeAll(async () => {
  dovecot = await startDovecot();
  await writeFile(ca, dovecot.certificate);
  const key = await readFile(join(dovecot.directory, "key.pem"), "utf8");
  sink = await startSink({
    certificate: { key, cert: dovecot.certificate },
    authOptional: false,
    onAuth({ password }, _session, done) {
      if (password === dovecot.password) done(null, { user: "anna" });
      else done(Object.assign(new Error("5.7.8 Wrong"), { responseCode: 535 }));
    },
  });
  server = await startMailServer({
    logins: ["anna", "boris"],
    env: { KONTOR_ACCOUNTS_PRIVATE: "yes", KONTOR_ACCOUNTS_CA: ca },
  });
  anna = server.user("anna");
  boris = server.user("boris");
});
afterAll(async () => {
  await server.stop();
  await sink.stop();
  await dovecot.stop();
  await rm(ca, { force: true });
});

const login = (over: object = {}) => ({
  imap: { host: "localhost", port: dovecot.imapsPort, security: "tls" },
  smtp: { host: "localhost", port: sink.port, security: "starttls" },
  userName: "anna-there",
  secret: { password: dovecot.password },
  ...over,
});

describe("an account over HTTP", { timeout: 60_000 }, () => {
  it("is tested, with a reason for each server that does not let in", async () => {
    const test = (body: object) => anna.client.json("POST", "/api/mail/accounts/test", body);
    expect(await test(login())).toEqual({ imap: { ok: true }, smtp: { ok: true } });
    expect(await test(login({ secret: { password: "mistyped" } }))).toMatchObject({
      imap: { ok: false, reason: "auth" },
      smtp: { ok: false, reason: "auth" },
    });
    const elsewhere = { host: "localhost", port: 1, security: "tls" };
    expect(await test(login({ imap: elsewhere, smtp: { ...elsewhere } }))).toMatchObject({
      imap: { ok: false, reason: "refused" },
      smtp: { ok: false, reason: "refused" },
    });
    const plain = { host: "localhost", port: dovecot.imapPort, security: "tls" };
    expect(
      await test(login({ imap: plain, smtp: { host: "localhost", port: sink.port, security: "tls" } })),
    ).toMatchObject({
      imap: { ok: false, reason: "tls.missing" },
      smtp: { ok: false, reason: "tls.missing" },
    });
  });

  it("is found by its address, and providers are named", async () => {
    const { providers } = await anna.client.json<{ providers: { key: string; oauth?: string }[] }>(
      "GET",
      "/api/mail/providers",
    );
    expect(providers.find(({ key }) => key === "gmail")).toEqual(
      expect.not.objectContaining({ oauth: "google" }), // nobody has set it up here
    );
    expect(await anna.client.json("POST", "/api/mail/accounts/discover", { address: "a@mail.ru" })).toMatchObject({
      found: { by: "preset", provider: "mailru", password: "app" },
    });
  });

  it("is added once it works, brings its mail, is changed, and goes with everything", async () => {
    const other = await connectOther(dovecot, "anna-there");
    await other.append("INBOX", letter("rest1@x"));
    const add = (over: object = {}) =>
      anna.client.json<{ id: string }>("POST", "/api/mail/accounts", {
        name: "Elsewhere",
        address: "Anna@Elsewhere.example",
        ...login(),
        ...over,
      });
    await expect(add({ secret: { password: "mistyped" } })).rejects.toThrow("account.auth");
    const { id } = await add();
    await expect(add()).rejects.toThrow("account.exists");

    const mailboxes = async (user: MailUser) =>
      (await user.client.json<{ mailboxes: { id: string; account?: object }[] }>("GET", "/api/mail/mailboxes"))
        .mailboxes;
    await vi.waitFor(
      async () => expect((await mailboxes(anna)).find((each) => each.id === id)?.account).toEqual({ state: "ready" }),
      { timeout: 30_000, interval: 100 },
    );
    expect((await mailboxes(boris)).map((each) => each.id)).not.toContain(id);
    const { folders } = await anna.client.json<{ folders: { id: string; role?: string }[] }>(
      "GET",
      `/api/mail/mailboxes/${id}/folders`,
    );
    const inbox = folders.find(({ role }) => role === "inbox")?.id ?? "";
    const list = async () =>
      (
        await anna.client.json<{ messages: { id: string; messageId: string }[] }>(
          "GET",
          `/api/mail/folders/${inbox}/messages`,
        )
      ).messages;
    expect((await list()).map(({ messageId }) => messageId)).toEqual(["rest1@x"]);

    // A change over REST is done there.
    await anna.client.json("PATCH", `/api/mail/messages/${(await list())[0]?.id}`, { seen: true });
    await vi.waitFor(async () => expect((await pictureThere(other))["INBOX"]).toEqual(["rest1@x 1"]), {
      timeout: 30_000,
      interval: 100,
    });

    const settings = await anna.client.json<object>("GET", `/api/mail/accounts/${id}`);
    expect(settings).toMatchObject({
      userName: "anna-there",
      auth: "password",
      state: "ready",
      imap: { host: "localhost" },
    });
    expect(JSON.stringify(settings)).not.toContain(dovecot.password);
    await expect(boris.client.json("GET", `/api/mail/accounts/${id}`)).rejects.toThrow("404");
    await anna.client.json("PATCH", `/api/mail/accounts/${id}`, { name: "There", off: true });
    await other.append("INBOX", letter("rest2@x"));
    await anna.client.json("PATCH", `/api/mail/accounts/${id}`, { off: false });
    await vi.waitFor(async () => expect(await list()).toHaveLength(2), { timeout: 30_000, interval: 100 });
    await anna.client.json("POST", `/api/mail/accounts/${id}/look`, {});

    const { accounts } = await server.administrator.json<{ accounts: object[] }>("GET", "/api/admin/mail/accounts");
    expect(accounts).toEqual([
      expect.objectContaining({ id, owner: "anna", address: "anna@elsewhere.example", messages: 2, pending: 0 }),
    ]);
    expect(JSON.stringify(accounts)).not.toContain("rest1");

    await anna.client.json("DELETE", `/api/mail/accounts/${id}`);
    expect((await mailboxes(anna)).map((each) => each.id)).not.toContain(id);
    const left = await server.test.pool.query("select from mail_message where mailbox_id = $1", [id]);
    expect(left.rowCount).toBe(0);
    expect((await pictureThere(other))["INBOX"]).toHaveLength(2);
    const audit = await server.test.pool.query<{ action: string }>(
      "select action from audit_entry where action like 'mail.account%' order by at",
    );
    expect(audit.rows.map(({ action }) => action)).toEqual([
      "mail.accountAdded",
      "mail.accountChanged",
      "mail.accountChanged",
      "mail.accountRemoved",
    ]);
    await other.logout();
  });
});
