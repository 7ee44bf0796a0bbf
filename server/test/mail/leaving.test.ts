import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { MailboxDoc, MessageDoc } from "@kontor/shared/mail";
import type { Client } from "../files/serverProcess.ts";
import { startMailServer, type MailServer } from "./mailServer.ts";

/** Somebody leaves: one story, told in order, on a whole server. */
let server: MailServer;
let administrator: Client;
const idOf = new Map<string, string>();
let mailboxId = "";

beforeAll(async () => {
  server = await startMailServer({ logins: ["anna", "ben", "cay"], env: {} });
  ({ administrator } = server);
  const { rows } = await server.test.pool.query<{ id: string; login: string }>("select id, login from app_user");
  for (const { id, login } of rows) idOf.set(login, id);
  const own = await server.user("anna").client.json<{ mailboxes: MailboxDoc[] }>("GET", "/api/mail/mailboxes");
  mailboxId = own.mailboxes[0]?.id ?? "";
}, 120_000);
afterAll(() => server?.stop(), 60_000);

const until = <Result>(what: () => Promise<Result>) => vi.waitFor(what, { timeout: 15_000, interval: 50 });
const turn = (state: "active" | "disabled") =>
  administrator.json("PATCH", `/api/admin/people/${idOf.get("anna")}`, { state });
const setMembers = (...logins: readonly string[]) =>
  administrator.fetch(`/api/mail/mailboxes/${mailboxId}/members`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ members: logins.map((login) => ({ userId: idOf.get(login), role: "editor" })) }),
  });
const count = async () => {
  const { rows } = await server.test.pool.query<{ n: number }>(
    "select count(*) as n from mail_message where mailbox_id = $1",
    [mailboxId],
  );
  return Number(rows[0]?.n);
};

it("while they are here, nobody else says who has their mailbox", async () => {
  expect((await setMembers("cay")).status).toBe(404);
});

it("what is sent to them afterwards still comes, and waits", async () => {
  await turn("disabled");
  await server.user("ben").send({ to: ["anna@ours.example"], subject: "Are you still there?" });
  await until(async () => expect(await count()).toBe(1));
});

it("an administrator says who takes over, reads nothing, and it is noted", async () => {
  expect((await setMembers("cay")).status).toBe(204);
  const seen = await administrator.json<{ mailboxes: MailboxDoc[] }>("GET", "/api/mail/mailboxes");
  expect(seen.mailboxes.map(({ id }) => id)).toContain(mailboxId);
  const folders = await administrator.fetch(`/api/mail/mailboxes/${mailboxId}/folders`);
  expect(folders.status).toBe(403);
  const { rows } = await server.test.pool.query<{ login: string; details: object }>(
    "select login, details from audit_entry where action = 'mail.membersChanged' and object_id = $1",
    [mailboxId],
  );
  expect(rows).toMatchObject([{ login: "root" }]);
  expect(JSON.stringify(rows)).toContain(idOf.get("cay"));
});

it("who takes over reads what came, and what comes", async () => {
  const { client } = server.user("cay");
  await server.user("ben").send({ to: ["anna@ours.example"], subject: "And now?" });
  await until(async () => expect(await count()).toBe(2));
  const { messages } = await client.json<{ messages: MessageDoc[] }>(
    "GET",
    `/api/mail/search?query=${encodeURIComponent("from:ben")}`,
  );
  expect(messages.map(({ subject }) => subject)).toEqual(["And now?", "Are you still there?"]);
});

it("the groups that they were in write to the others alone", async () => {
  const { id: groupId } = await administrator.json<{ id: string }>("POST", "/api/admin/groups", {
    nameEn: "Team",
    nameRu: "Команда",
    key: "team",
  });
  for (const login of ["anna", "ben"])
    await administrator.json("PATCH", `/api/admin/people/${idOf.get(login)}`, { groupIds: [groupId] });
  await administrator.json("POST", "/api/admin/mail/groups", {
    name: "Team",
    address: "team@ours.example",
    userGroupId: groupId,
    mailboxIds: [],
  });
  await server.user("cay").send({ to: ["team@ours.example"], subject: "To all of us" });
  await until(async () =>
    expect(await server.user("ben").folder("inbox")).toMatchObject([{ subject: "To all of us" }]),
  );
  expect(await count()).toBe(2);
});

it("their mailbox is closed by hand: then nobody can write to it, and is told so", async () => {
  await administrator.json("PATCH", `/api/admin/mail/mailboxes/${mailboxId}`, { disabled: true });
  await expect(server.user("ben").send({ to: ["anna@ours.example"] })).rejects.toThrow(/anna@ours\.example/);
  expect(await count()).toBe(2);
  await administrator.json("PATCH", `/api/admin/mail/mailboxes/${mailboxId}`, { disabled: false });
});

it("when they come back it is theirs, and no longer for others to say", async () => {
  await turn("active");
  expect((await setMembers()).status).toBe(404);
});
