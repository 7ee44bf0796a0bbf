import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "@kontor/shared/base";
import { mailLimits, type BodyDoc, type Draft, type MessageDoc, type Prefilled } from "@kontor/shared/mail";
import { createTestDatabase, type TestDatabase } from "#testing";
import { parseMessage } from "../../src/mail/mime/parseMessage.ts";
import { Client, seedPeople, sha256Of, startServer, type ServerProcess } from "../files/serverProcess.ts";

interface Reply {
  readonly message: MessageDoc;
  readonly body: BodyDoc;
  readonly conflictDraftId?: string;
}

describe("writing and sending on a running server", { timeout: 120_000 }, () => {
  let test: TestDatabase;
  let dataDirectory: string;
  let server: ServerProcess;
  let ivan: Client;
  let olga: Client;
  let stranger: Client;
  let boxes: Readonly<Record<string, { readonly id: string; readonly address: string }>>;

  beforeAll(async () => {
    test = await createTestDatabase();
    await seedPeople(test);
    dataDirectory = await mkdtemp(join(tmpdir(), "kontor-sending-"));
    await chmod(dataDirectory, 0o755);
    const env = { KONTOR_PUBLIC_URL: "http://kontor.example" };
    server = await startServer({ databaseUrl: test.url, dataDirectory, env });
    [ivan, olga, stranger] = (await Promise.all(
      ["ivan", "olga", "stranger"].map((login) => Client.signIn(server.url, login)),
    )) as [Client, Client, Client];
    const { rows } = await test.pool.query<{ login: string; id: string; address: string }>(
      "select login, mailbox.id, address from mailbox join app_user on app_user.id = owner_id where kind = 'personal'",
    );
    boxes = Object.fromEntries(rows.map(({ login, ...box }) => [login, box]));
  });
  afterAll(async () => {
    await server?.stop();
    await test?.drop();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  const box = (login: string) => boxes[login] ?? { id: "", address: "" };
  const draft = (login: string, more: Partial<Draft> = {}) => ({
    mailboxId: box(login).id,
    draft: {
      from: { address: box(login).address },
      to: [{ address: box("olga").address }],
      cc: [],
      bcc: [],
      subject: "Offer",
      html: "<p>Hello</p>",
      cards: [],
      origin: { kind: "new" },
      ...more,
    },
  });
  /** What lies in somebody's inbox, as the database has it. */
  async function inbox(login: string) {
    const { rows } = await test.pool.query<{ id: string; subject: string }>(
      `select m.id, c.subject from mail_message m join mail_content c on c.id = m.content_id
       join mail_folder f on f.id = m.folder_id where m.mailbox_id = $1 and f.role = 'inbox' order by m.received_at, m.id`,
      [box(login).id],
    );
    return rows;
  }
  const arrived = async (login: string, subject: string) =>
    await expect
      .poll(async () => (await inbox(login)).filter((each) => each.subject === subject).length, { timeout: 20_000 })
      .toBe(1);
  const found = async (login: string, subject: string) =>
    (await inbox(login)).find((each) => each.subject === subject)?.id ?? "";

  it("the walk: a draft, an attachment by tus, send; it comes in, with its file, and for nobody else", async () => {
    const { message } = await ivan.json<Reply>("POST", "/api/mail/drafts", draft("ivan", { subject: "The walk" }));
    expect(message).toMatchObject({ send: { state: "draft" }, draft: { rev: 1 } });
    const body = Buffer.from("an offer in detail");
    const fileId = newId();
    const announced = { fileId, name: "offer.txt", size: body.length, sha256: sha256Of(body) };
    const attached = await ivan.json<Reply>("POST", `/api/mail/drafts/${message.id}/attachments`, announced);
    expect(attached.message.attachments).toMatchObject([{ id: fileId, state: "awaiting" }]);
    expect((await stranger.fetch(`/api/files/${fileId}`)).status).toBe(404);

    // Sent before the body is here: it waits for it.
    const sent = await ivan.json<Reply>("POST", `/api/mail/drafts/${message.id}/send`, { undoSeconds: 0 });
    expect(sent.message.send).toMatchObject({ state: "scheduled" });
    const file = { id: fileId, size: body.length } as never;
    for (const other of [olga, stranger]) expect((await other.beginUpload(file)).status).toBe(404);
    expect((await ivan.beginUpload(file)).status).toBe(201);
    expect((await ivan.send(fileId, 0, body)).status).toBe(204);
    await arrived("olga", "The walk");

    expect(await (await olga.fetch(`/api/files/${fileId}/content`)).text()).toBe("an offer in detail");
    expect(await olga.json("GET", `/api/files/${fileId}`)).toMatchObject({ name: "offer.txt", mime: "text/plain" });
    await expect
      .poll(async () => (await olga.json<{ previewState: string }>("GET", `/api/files/${fileId}`)).previewState, {
        timeout: 90_000,
      })
      .not.toBe("pending");
    expect((await stranger.fetch(`/api/files/${fileId}/content`)).status).toBe(404);
    const gone = await olga.fetch(`/api/files/${fileId}`, { method: "DELETE" });
    expect(gone.status).toBe(409);
    const late = await ivan.fetch(`/api/mail/drafts/${message.id}/cancel`, { method: "POST" });
    expect([late.status, await late.json()]).toMatchObject([409, { reason: "message.left" }]);
  });

  it("in one call, once for each Idempotency-Key, with a file of a record", async () => {
    const contract = await ivan.createContract();
    const { id: sourceFileId } = await ivan.upload(contract, { name: "contract.txt", body: Buffer.from("contract") });
    const send = async (key: string, client = ivan, login = "ivan") => {
      const answer = await client.fetch("/api/mail/messages", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify({
          ...draft(login, { subject: "Once" }),
          attachments: [{ sourceFileId, name: "copy.txt" }],
        }),
      });
      return { status: answer.status, body: (await answer.json()) as Reply & { reason?: string } };
    };
    const key = newId();
    const [first, second] = [await send(key), await send(key)];
    expect([first.status, second.status, second.body.message.id]).toEqual([201, 201, first.body.message.id]);
    expect(first.body.message.attachments).toMatchObject([{ name: "copy.txt", state: "stored" }]);
    await arrived("olga", "Once");
    expect((await send(key)).body.message.send).toMatchObject({ state: "sent" });
    expect((await inbox("olga")).filter(({ subject }) => subject === "Once")).toHaveLength(1);

    // The stranger may not see the file: nothing is sent, and no half of it is left.
    const drafts = async () =>
      (await test.pool.query("select from mail_message where mailbox_id = $1", [box("stranger").id])).rowCount;
    const strange = newId();
    for (let time = 0; time < 2; time++) {
      expect(await send(strange, stranger, "stranger")).toMatchObject({
        status: 404,
        body: { reason: "file.notFound" },
      });
      expect(await drafts()).toBe(0);
    }
    // Another person's key is another key.
    expect((await send(key, stranger, "stranger")).body.reason).toBe("file.notFound");
    expect((await send("not a uuid")).body.reason).toBe("request.idempotencyKey");
  });

  it("an answer begins with what the message says, joins its thread, and marks it", async () => {
    await ivan.json("POST", "/api/mail/messages", draft("ivan", { subject: "Question" }));
    await arrived("olga", "Question");
    const source = await found("olga", "Question");
    const prefilled = await olga.json<Prefilled>(
      "GET",
      `/api/mail/messages/${source}/answer?kind=reply&language=ru&timeZone=Europe/Moscow`,
    );
    expect(prefilled.draft).toMatchObject({
      subject: "Re: Question",
      to: [{ address: box("ivan").address }],
      from: { address: box("olga").address },
    });
    expect(prefilled.draft.html).toContain("пишет:");
    // Who says no language is quoted to in their own.
    const own = async () => (await olga.json<Prefilled>("GET", `/api/mail/messages/${source}/answer`)).draft.html;
    expect(await own()).toContain("wrote:");
    await test.pool.query("update app_user set locale = 'ru' where login = 'olga'");
    expect(await own()).toContain("пишет:");
    expect((await stranger.fetch(`/api/mail/messages/${source}/answer`)).status).toBe(404);
    expect((await olga.fetch(`/api/mail/messages/${source}/answer?timeZone=Mars`)).status).toBe(422);
    await olga.json("POST", "/api/mail/messages", { mailboxId: box("olga").id, draft: prefilled.draft });
    await arrived("ivan", "Re: Question");
    const { rows } = await test.pool.query<{ thread_id: string; answered: boolean }>(
      `select thread_id, answered from mail_message m join mail_content c on c.id = m.content_id
       where mailbox_id = $1 and subject like '%Question' order by received_at`,
      [box("olga").id],
    );
    expect(new Set(rows.map(({ thread_id }) => thread_id)).size).toBe(1);
    expect(rows[0]).toMatchObject({ answered: true });
  });

  it("two programs that write one draft keep both texts", async () => {
    const { message } = await ivan.json<Reply>("POST", "/api/mail/drafts", draft("ivan", { subject: "a" }));
    const put = (subject: string, base: number) =>
      ivan.json<Reply>("PUT", `/api/mail/drafts/${message.id}`, { ...draft("ivan", { subject }), base });
    expect((await put("b", 1)).message).toMatchObject({ subject: "b", draft: { rev: 2 } });
    const { conflictDraftId } = await put("c", 1);
    expect(conflictDraftId).toBeDefined();
    expect((await put("b", 9)).message).toMatchObject({ subject: "b", draft: { rev: 2 } });
    await ivan.json("DELETE", `/api/mail/drafts/${conflictDraftId}`);
    const invented = await ivan.fetch(`/api/mail/drafts/${newId()}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...draft("ivan"), base: 0 }),
    });
    expect(invented.status).toBe(404);
  });

  it("is called back within its undo time, and told of recipients that nobody is", async () => {
    const wrong = draft("ivan", { to: [{ address: `nobody@${box("ivan").address.split("@")[1]}` }] });
    const refused = await ivan.fetch("/api/mail/messages", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wrong),
    });
    expect([refused.status, await refused.json()]).toMatchObject([422, { reason: "send.unknownRecipient" }]);

    const { message } = await ivan.json<Reply>("POST", "/api/mail/messages", {
      ...draft("ivan", { subject: "Regretted" }),
      undoSeconds: 60,
    });
    expect(await ivan.json("GET", `/api/mail/messages/${message.id}/deliveries`)).toMatchObject({
      send: { state: "scheduled" },
      deliveries: [],
    });
    const back = await ivan.json<Reply>("POST", `/api/mail/drafts/${message.id}/cancel`);
    expect(back.message).toMatchObject({ send: { state: "draft" } });
  });

  it("takes a letter that quotes a long one", async () => {
    const html = `<p>${"Длинное письмо. ".repeat(20_000)}</p>`;
    const { body } = await ivan.json<Reply>("POST", "/api/mail/drafts", draft("ivan", { html }));
    expect(body.html).toHaveLength(html.length);
  });

  it("gives people outside a large file, and what was chosen, by an address that ends with the sender's copy", async () => {
    const { message } = await ivan.json<Reply>("POST", "/api/mail/drafts", {
      ...draft("ivan", { subject: "Large", to: [{ address: "client@far.example" }] }),
    });
    const body = randomBytes(mailLimits.linkFromBytes + 1);
    const fileId = newId();
    const announced = { fileId, name: "plan.bin", size: body.length, sha256: sha256Of(body) };
    await ivan.json("POST", `/api/mail/drafts/${message.id}/attachments`, announced);
    await ivan.beginUpload({ id: fileId, size: body.length } as never);
    await ivan.send(fileId, 0, body);
    const note = { fileId: newId(), name: "note.txt", size: 5, sha256: sha256Of(Buffer.from("small")) };
    const attachments = `/api/mail/drafts/${message.id}/attachments`;
    await ivan.json("POST", attachments, note);
    await ivan.beginUpload({ id: note.fileId, size: 5 } as never);
    await ivan.send(note.fileId, 0, Buffer.from("small"));
    const chosen = await ivan.json<Reply>("PATCH", `${attachments}/${note.fileId}`, { as: "link" });
    expect(chosen.message.attachments).toMatchObject([{ name: "plan.bin" }, { name: "note.txt", as: "link" }]);
    await ivan.json("POST", `/api/mail/drafts/${message.id}/send`, {});
    const { rows } = await vi.waitFor(
      async () => {
        const found = await test.pool.query<{ sha256: string; size: number }>(
          `select raw_sha256 as sha256, raw_size as size from mail_outbound o
           join mail_content c on c.id = o.content_id where o.message_id = $1`,
          [message.id],
        );
        expect(found.rowCount).toBe(1);
        return found;
      },
      { timeout: 20_000 },
    );
    const [{ sha256, size } = { sha256: "", size: 0 }] = rows;
    expect(size).toBeLessThan(10_000);
    const raw = await readFile(join(dataDirectory, "blobs", sha256.slice(0, 2), sha256));
    const parsed = parseMessage(raw);
    const html = parsed.kind === "parsed" ? parsed.message.html : undefined;
    const links = (html ?? "").matchAll(/http:\/\/kontor\.example(\/f\/[\w.-]+)/g);
    const [path = "", ofNote = ""] = [...links].map(([, found]) => found);
    expect(await (await fetch(`${server.url}${ofNote}`)).text()).toBe("small");
    const anybody = await fetch(`${server.url}${path}`);
    expect(anybody.status).toBe(200);
    expect(Buffer.from(await anybody.arrayBuffer()).equals(body)).toBe(true);
    expect(anybody.headers.get("content-disposition")).toContain("plan.bin");
    await test.pool.query("update mail_message set trashed_at = now() where id = $1", [message.id]);
    expect((await fetch(`${server.url}${path}`)).status).toBe(404);
  });
});
