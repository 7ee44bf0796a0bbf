import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Client } from "../files/serverProcess.ts";
import { makeCertificate } from "./certificate.ts";
import { startMailServer, type MailServer } from "./mailServer.ts";
import { startSink, type Sink } from "./sink.ts";

/** A program that listens, on a whole server whose mail leaves through a sink. */
interface Heard {
  readonly path: string;
  readonly id: string;
  readonly isSigned: boolean;
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

const certificate = makeCertificate("localhost");
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const heard: Heard[] = [];
let status = 200;
let listener: Server;
let address = "";
let directory = "";
let sink: Sink;
let server: MailServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kontor-webhooks-"));
  const ca = join(directory, "ca.pem");
  await writeFile(ca, certificate.cert);
  listener = createServer(certificate, (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces).toString();
      const header = (name: string) => String(request.headers[name]);
      const id = header("webhook-id");
      // By the standard's own words, and not by what signs here.
      const signed = createHmac("sha256", Buffer.alloc(32, 7)).update(`${id}.${header("webhook-timestamp")}.${body}`);
      const isSigned = header("webhook-signature") === `v1,${signed.digest("base64")}`;
      const { type, data } = JSON.parse(body) as Pick<Heard, "type" | "data">;
      heard.push({ path: request.url ?? "", id, isSigned, type, data });
      response.writeHead(status).end();
    });
  });
  listener.listen(0, "localhost");
  await once(listener, "listening");
  address = `https://localhost:${(listener.address() as AddressInfo).port}`;
  sink = await startSink({
    script: { rcpt: (to) => (to.startsWith("nobody@") ? "550 5.1.1 No such user" : undefined) },
  });
  server = await startMailServer({
    logins: ["anna", "ben"],
    env: {
      KONTOR_SMTP_RELAY_HOST: "127.0.0.1",
      KONTOR_SMTP_RELAY_PORT: String(sink.port),
      KONTOR_SMTP_RELAY_SECURITY: "none",
      KONTOR_WEBHOOKS_PRIVATE: "yes",
      KONTOR_WEBHOOKS_CA: ca,
    },
  });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  await sink?.stop();
  listener?.closeAllConnections();
  listener?.close();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

const until = (what: () => Promise<void> | void) => vi.waitFor(what, { timeout: 30_000, interval: 50 });
const at = (path: string) => heard.filter((each) => each.path === path);
const boxOf = async (client: Client) =>
  (await client.json<{ mailboxes: { id: string; kind: string }[] }>("GET", "/api/mail/mailboxes")).mailboxes[0]?.id ??
  "";
const statusOf = async (client: Client, method: string, path: string, body?: object) =>
  (
    await client.fetch(path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    })
  ).status;
const actions = async (id: string) =>
  (
    await server.test.pool.query<{ action: string; details: { host?: string } }>(
      "select action, details from audit_entry where object_id = $1 order by at, id",
      [id],
    )
  ).rows;

describe("a webhook of a mailbox", { timeout: 90_000 }, () => {
  let anna: Client;
  let boxId: string;
  let hookId: string;
  beforeAll(async () => {
    anna = server.user("anna").client;
    boxId = await boxOf(anna);
  });
  const add = (path: string, client = anna, mailbox = boxId) =>
    client.json<{ id: string; secret: string }>("POST", `/api/mail/mailboxes/${mailbox}/webhooks`, {
      url: `${address}${path}`,
      events: ["mail.received", "mail.sent", "mail.bounced"],
      secret,
    });

  it("hears, signed, what came, what left and what came back, by ids", async () => {
    hookId = (await add("/anna")).id;
    await server.user("ben").send({ to: ["anna@ours.example"], subject: "A secret subject", text: "A secret text" });
    await until(() => expect(at("/anna")).toHaveLength(1));
    const [inbox] = await server.user("anna").folder("inbox");
    const { id: messageId, threadId, folderId } = inbox ?? { id: "", threadId: "", folderId: "" };
    expect(at("/anna")[0]).toMatchObject({
      isSigned: true,
      type: "mail.received",
      data: { mailboxId: boxId, messageId, threadId, folderId },
    });

    const sentId = await server.user("anna").send({ to: ["nobody@far.example"] });
    // Then comes the notice about it, which is mail as well.
    await until(() =>
      expect(at("/anna").map(({ type }) => type)).toEqual(expect.arrayContaining(["mail.sent", "mail.bounced"])),
    );
    const sent = at("/anna").find(({ type }) => type === "mail.sent");
    expect(sent).toMatchObject({ isSigned: true, data: { mailboxId: boxId, messageId: sentId } });
    const bounced = at("/anna").find(({ type }) => type === "mail.bounced");
    expect(bounced?.data).toMatchObject({
      messageId: sentId,
      recipient: "nobody@far.example",
      reply: "550 5.1.1 No such user",
    });
    expect(JSON.stringify(heard)).not.toContain("secret");
  });

  it("is nobody's who does not manage the mailbox, and tells nobody its secret", async () => {
    const ben = server.user("ben").client;
    expect(await statusOf(ben, "GET", `/api/mail/mailboxes/${boxId}/webhooks`)).toBe(404);
    expect(await statusOf(ben, "PATCH", `/api/mail/webhooks/${hookId}`, { on: false })).toBe(404);
    expect(await statusOf(ben, "POST", `/api/mail/webhooks/${hookId}/test`, {})).toBe(404);
    expect(await statusOf(ben, "GET", `/api/mail/webhooks/${hookId}/events`)).toBe(404);
    const body = { url: address, events: ["mail.received"] };
    expect(await statusOf(ben, "POST", `/api/mail/mailboxes/${boxId}/webhooks`, body)).toBe(404);
    const opened = { url: address, events: ["mail.opened"] };
    expect(await statusOf(anna, "POST", `/api/mail/mailboxes/${boxId}/webhooks`, opened)).toBe(422);
    const listed = await anna.json<{ webhooks: object[] }>("GET", `/api/mail/mailboxes/${boxId}/webhooks`);
    expect(listed.webhooks).toMatchObject([{ id: hookId, url: `${address}/anna`, state: "on", waiting: 0 }]);
    expect(JSON.stringify(listed)).not.toContain(secret.slice(10));
  });

  it("shows what became of its events, and a test among them", async () => {
    const { eventId } = await anna.json<{ eventId: string }>("POST", `/api/mail/webhooks/${hookId}/test`, {});
    await until(async () => {
      const { events } = await anna.json<{ events: object[] }>("GET", `/api/mail/webhooks/${hookId}/events`);
      expect(events[0]).toMatchObject({ id: eventId, name: "webhook.test", state: "delivered", status: 200 });
    });
    expect(at("/anna").at(-1)).toMatchObject({ id: eventId, type: "webhook.test", isSigned: true });
  });

  it("hears no more of a shared mailbox once its owner reads it no longer", async () => {
    const { administrator } = server;
    const userIds = await server.test.pool.query<{ id: string; login: string }>("select id, login from app_user");
    const idOf = (login: string) => userIds.rows.find((row) => row.login === login)?.id;
    const { id: shared } = await administrator.json<{ id: string }>("POST", "/api/admin/mail/mailboxes", {
      name: "Sales",
      address: "sales@ours.example",
      members: [{ userId: idOf("ben"), role: "manager" }],
    });
    const ben = server.user("ben").client;
    const { id } = await add("/ben", ben, shared);
    await server.user("anna").send({ to: ["sales@ours.example"] });
    await until(() => expect(at("/ben")).toHaveLength(1));
    await administrator.json("PUT", `/api/mail/mailboxes/${shared}/members`, {
      members: [{ userId: idOf("anna"), role: "manager" }],
    });
    await server.user("anna").send({ to: ["sales@ours.example"] });
    await until(async () => {
      const { events } = await anna.json<{ events: object[] }>("GET", `/api/mail/webhooks/${id}/events`);
      expect(events).toMatchObject([{ state: "dropped", reason: "notVisible" }, { state: "delivered" }]);
    });
    expect(at("/ben")).toHaveLength(1);
    // The new manager may end it, and not have what ben may see told to herself.
    expect(await statusOf(anna, "PATCH", `/api/mail/webhooks/${id}`, { url: `${address}/anna` })).toBe(403);
    expect(await statusOf(anna, "POST", `/api/mail/webhooks/${id}/secret`, {})).toBe(403);
    expect(await statusOf(anna, "DELETE", `/api/mail/webhooks/${id}`)).toBe(204);
    expect((await actions(id)).map(({ action }) => action)).toEqual([
      "webhooks.added",
      "access.denied",
      "access.denied",
      "webhooks.removed",
    ]);
  });

  it("is known to administrators by its host alone, and made by them for services that may read", async () => {
    const { administrator } = server;
    const all = await administrator.json<{ webhooks: object[] }>("GET", "/api/admin/mail/webhooks");
    expect(all.webhooks).toMatchObject([{ id: hookId, mailbox: "anna", owner: "anna", host: new URL(address).host }]);
    expect(JSON.stringify(all)).not.toContain("/anna");
    const { events } = await administrator.json<{ events: { data: object }[] }>(
      "GET",
      `/api/admin/mail/webhooks/${hookId}/events`,
    );
    expect(events.length).toBeGreaterThan(2);
    expect(events.map(({ data }) => data)).toEqual(events.map(() => ({})));

    const { id: serviceId } = await administrator.json<{ id: string }>("POST", "/api/admin/services", {
      name: "Billing",
      key: "billing",
    });
    const body = { mailboxId: boxId, url: `${address}/service`, events: ["mail.received"] };
    const answer = await administrator.fetch("/api/admin/mail/webhooks", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...body, serviceId }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([403, { reason: "webhook.blind" }]);
    const person = await server.test.pool.query<{ id: string }>("select id from app_user where login = 'anna'");
    const forAPerson = { ...body, serviceId: person.rows[0]?.id };
    expect(await statusOf(administrator, "POST", "/api/admin/mail/webhooks", forAPerson)).toBe(404);
    expect(await statusOf(anna, "GET", "/api/admin/mail/webhooks")).toBe(403);
  });

  it("is off once it says that it is gone, and its owner finds a word about it in the inbox", async () => {
    status = 410;
    await server.user("ben").send({ to: ["anna@ours.example"], subject: "The last one" });
    await until(async () => {
      const [first] = await server.user("anna").folder("inbox");
      expect(first?.subject).toBe(`A webhook was switched off: ${new URL(address).host}`);
    });
    status = 200;
    const { webhooks } = await anna.json<{ webhooks: object[] }>("GET", `/api/mail/mailboxes/${boxId}/webhooks`);
    expect(webhooks).toMatchObject([{ state: "off", offReason: "gone" }]);
    const noted = await actions(hookId);
    expect(noted.at(-1)?.action).toBe("webhooks.switchedOff");
    // The path of an address is often a password.
    expect(noted[0]?.details.host).toBe(new URL(address).host);
    expect(JSON.stringify(noted)).not.toContain("/anna");
    await anna.json("PATCH", `/api/mail/webhooks/${hookId}`, { on: true });
    const before = at("/anna").length;
    await server.user("ben").send({ to: ["anna@ours.example"] });
    await until(() => expect(at("/anna").length).toBeGreaterThan(before));
  });
});
