import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "@kontor/shared/base";
import type { FolderDoc, MailboxDoc, MessageDoc, RuleDoc } from "@kontor/shared/mail";
import { parseMessage } from "../../src/mail/mime/parseMessage.ts";
import type { Client } from "../files/serverProcess.ts";
import { startMailServer, type MailServer } from "./mailServer.ts";

/** Mail as a program sees it, on a whole server: letters that really went from one to the other. */
describe("sorting mail over REST", { timeout: 120_000 }, () => {
  let server: MailServer;
  let anna: Client;
  let boxId: string;
  let folders: readonly (FolderDoc & { readonly messages: number; readonly unread: number })[];

  beforeAll(async () => {
    server = await startMailServer({ logins: ["anna", "ben", "cay"], env: {} });
    anna = server.user("anna").client;
    const { mailboxes } = await anna.json<{ mailboxes: MailboxDoc[] }>("GET", "/api/mail/mailboxes");
    boxId = mailboxes[0]?.id ?? "";
    for (let n = 0; n < 12; n++)
      await server.user("ben").send({ to: ["anna@ours.example"], subject: `Letter ${n}`, text: `Text number ${n}` });
    await vi.waitFor(
      async () => {
        const { length } = await server.user("anna").folder("inbox");
        if (length < 12) throw new Error(`${length} letters have come`);
      },
      { timeout: 60_000, interval: 100 },
    );
    await readFolders();
  }, 120_000);
  afterAll(() => server?.stop());

  async function readFolders() {
    ({ folders } = await anna.json<{ folders: typeof folders }>("GET", `/api/mail/mailboxes/${boxId}/folders`));
  }
  const role = (name: string) => folders.find((folder) => folder.role === name)?.id ?? "";
  const list = async (client: Client, query: string) =>
    client.json<{ messages: MessageDoc[]; nextCursor?: string }>(
      "GET",
      `/api/mail/folders/${role("inbox")}/messages?${query}`,
    );
  const status = async (client: Client, method: string, path: string, body?: object) => {
    const answer = await client.fetch(path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return answer.status;
  };

  it("lists a folder page by page, each message once, and only those that are asked for", async () => {
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await list(anna, `limit=5${cursor === undefined ? "" : `&cursor=${cursor}`}`);
      seen.push(...page.messages.map(({ id }) => id));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect([seen.length, new Set(seen).size]).toEqual([12, 12]);
    await anna.json("PATCH", `/api/mail/messages/${seen[0]}`, { seen: true, flagged: true });
    expect((await list(anna, "unread=true")).messages).toHaveLength(11);
    expect((await list(anna, "flagged=true")).messages.map(({ id }) => id)).toEqual([seen[0]]);
    expect((await list(anna, "hasAttachment=true")).messages).toEqual([]);
    await readFolders();
    expect(folders.find(({ role }) => role === "inbox")).toMatchObject({ messages: 12, unread: 11 });
    expect(await status(anna, "GET", `/api/mail/folders/${role("inbox")}/messages?cursor=nonsense`)).toBe(422);
  });

  it("gives a message as it travelled", async () => {
    const [message] = (await list(anna, "limit=1")).messages;
    const answer = await anna.fetch(`/api/mail/messages/${message?.id}/raw`);
    expect(answer.headers.get("content-disposition")).toContain("attachment");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const read = parseMessage(Buffer.from(await answer.arrayBuffer()));
    expect(read).toMatchObject({
      kind: "parsed",
      message: { subject: message?.subject, messageId: message?.messageId },
    });
  });

  it("changes many at once, each for itself, and says what became of each", async () => {
    const { messages } = await list(anna, "limit=200");
    const bens = await server.user("ben").folder("sent");
    const ids = [...messages.map(({ id }) => id), bens[0]?.id ?? "", newId()];
    const { results } = await anna.json<{ results: { id: string; status: string; reason?: string }[] }>(
      "POST",
      "/api/mail/messages/bulk",
      { ids, change: { update: { folderId: role("archive"), addLabels: ["old"] } } },
    );
    expect(results.filter(({ status }) => status === "applied")).toHaveLength(12);
    expect(results.filter(({ status }) => status === "refused").map(({ reason }) => reason)).toEqual([
      "message.notFound",
      "message.notFound",
    ]);
    const refused = await anna.json<{ results: { reason?: string }[] }>("POST", "/api/mail/messages/bulk", {
      ids: [ids[0]],
      change: { delete: true },
    });
    expect(refused.results).toMatchObject([{ status: "refused", reason: "message.notInTrash" }]);
    await anna.json("POST", "/api/mail/messages/bulk", { ids, change: { update: { folderId: role("inbox") } } });
  });

  it("finds them by words, and shows nobody else's", async () => {
    const find = async (client: Client, query: string) =>
      (await client.json<{ messages: MessageDoc[] }>("GET", `/api/mail/search?query=${encodeURIComponent(query)}`))
        .messages;
    expect((await find(anna, '"number 7"')).map(({ subject }) => subject)).toEqual(["Letter 7"]);
    expect(await find(anna, "letter in:inbox from:ben")).toHaveLength(12);
    expect(await find(server.user("cay").client, "letter")).toEqual([]);
    expect(await find(server.administrator, "letter")).toEqual([]);
  });

  it("makes folders and rules, and runs them on what lies there", async () => {
    const made = await anna.json<FolderDoc>("POST", `/api/mail/mailboxes/${boxId}/folders`, { name: "From Ben" });
    const rule = await anna.json<RuleDoc>("POST", `/api/mail/mailboxes/${boxId}/rules`, {
      rule: {
        name: "Ben",
        enabled: true,
        position: 0,
        match: "all",
        conditions: [{ field: "from", test: "is", value: "ben@ours.example" }],
        actions: [{ do: "move", folderId: made.id }],
        stop: false,
      },
    });
    const run = await anna.json<{ id: string }>("POST", `/api/mail/mailboxes/${boxId}/rules/run`, {
      folderId: role("inbox"),
      ruleId: rule.id,
    });
    await vi.waitFor(
      async () =>
        expect(await anna.json("GET", `/api/mail/rule-runs/${run.id}`)).toMatchObject({
          total: 12,
          done: 12,
          changed: 12,
          finishedAt: expect.any(String),
        }),
      { timeout: 30_000, interval: 100 },
    );
    // And what comes from now on lies there at once.
    await server.user("ben").send({ to: ["anna@ours.example"], subject: "By rule" });
    await vi.waitFor(
      async () => {
        const { messages } = await anna.json<{ messages: MessageDoc[] }>(
          "GET",
          `/api/mail/folders/${made.id}/messages`,
        );
        expect(messages[0]?.subject).toBe("By rule");
      },
      { timeout: 30_000, interval: 100 },
    );
    expect(await status(server.user("ben").client, "GET", `/api/mail/mailboxes/${boxId}/rules`)).toBe(404);
    await anna.json("PATCH", `/api/mail/folders/${made.id}`, { name: "Ben" });
    expect(await status(anna, "DELETE", `/api/mail/folders/${made.id}?forGood=true`)).toBe(409);
    for (const _time of ["once", "again"]) await anna.json("DELETE", `/api/mail/folders/${made.id}`);
    await readFolders();
    expect(folders.find(({ id }) => id === made.id)).toMatchObject({ name: "Ben", parentId: role("trash") });
    await anna.json("DELETE", `/api/mail/folders/${made.id}?forGood=true`);
    await readFolders();
    expect(folders.map(({ id }) => id)).not.toContain(made.id);
  });

  it("sends on by rule, once, and does not go round between two who send on to each other", async () => {
    const forwardAll = async (login: string, to: string) => {
      const { client } = server.user(login);
      const { mailboxes } = await client.json<{ mailboxes: MailboxDoc[] }>("GET", "/api/mail/mailboxes");
      await client.json("POST", `/api/mail/mailboxes/${mailboxes[0]?.id}/rules`, {
        rule: {
          name: "On",
          enabled: true,
          position: 5,
          match: "all",
          conditions: [{ field: "subject", test: "contains", value: "Round" }],
          actions: [{ do: "forward", to }],
          stop: false,
        },
      });
    };
    await forwardAll("anna", "cay@ours.example");
    await forwardAll("cay", "anna@ours.example");
    await server.user("ben").send({ to: ["anna@ours.example"], subject: "Round and round" });
    const count = async (login: string) => {
      const { messages } = await server
        .user(login)
        .client.json<{ messages: MessageDoc[] }>("GET", "/api/mail/search?query=subject:round");
      return messages.length;
    };
    // Ben's at Anna, sent on to Cay, sent back to Anna, and there it ends: with the copies of those who sent on.
    await vi.waitFor(async () => expect([await count("anna"), await count("cay")]).toEqual([3, 2]), {
      timeout: 60_000,
      interval: 200,
    });
    await server.user("ben").send({ to: ["anna@ours.example", "cay@ours.example"], subject: "Fence" });
    await vi.waitFor(async () => expect((await server.user("cay").folder("inbox"))[0]?.subject).toBe("Fence"), {
      timeout: 60_000,
      interval: 100,
    });
    expect([await count("anna"), await count("cay")]).toEqual([3, 2]);
  });

  it("shares a mailbox with whom its manager says, as an administrator set it up", async () => {
    const { client: cay } = server.user("cay");
    const id = async (login: string) => (await server.user(login).client.json<{ id: string }>("GET", "/api/me")).id;
    const { id: sharedId } = await server.administrator.json<{ id: string }>("POST", "/api/admin/mail/mailboxes", {
      name: "Office",
      address: "office@ours.example",
      members: [{ userId: await id("anna"), role: "manager" }],
    });
    await server.user("ben").send({ to: ["office@ours.example"], subject: "To the office" });
    expect(await status(cay, "GET", `/api/mail/mailboxes/${sharedId}`)).toBe(404);
    await anna.json("PUT", `/api/mail/mailboxes/${sharedId}/members`, {
      members: [
        { userId: await id("anna"), role: "manager" },
        { userId: await id("cay"), role: "reader" },
      ],
    });
    expect(await cay.json("GET", `/api/mail/mailboxes/${sharedId}`)).toMatchObject({ can: ["read"] });
    await vi.waitFor(
      async () => {
        const found = await cay.json<{ messages: MessageDoc[] }>("GET", "/api/mail/search?query=office");
        expect(found.messages.map(({ subject }) => subject)).toEqual(["To the office"]);
      },
      { timeout: 30_000, interval: 100 },
    );
    // Whoever set it up manages it, and reads nothing.
    expect(await server.administrator.json("GET", `/api/mail/mailboxes/${sharedId}`)).toMatchObject({
      can: ["manage"],
    });
    expect(await status(server.administrator, "GET", `/api/mail/mailboxes/${sharedId}/folders`)).toBe(403);
    expect(await status(cay, "PUT", `/api/mail/mailboxes/${sharedId}/members`, { members: [] })).toBe(403);
  });

  it("exchanges an address book", async () => {
    const vcards = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Olga\r\nEMAIL:olga@partner.example\r\nEND:VCARD\r\n";
    expect(await anna.json("POST", "/api/mail/contacts/import", { kind: "personal", vcards })).toEqual({
      imported: 1,
      known: 0,
      skipped: 0,
    });
    const answer = await anna.fetch("/api/mail/contacts/export?version=4.0");
    expect(answer.headers.get("content-type")).toContain("text/vcard");
    expect(await answer.text()).toContain("EMAIL:olga@partner.example");
    expect(await (await server.user("ben").client.fetch("/api/mail/contacts/export")).text()).toBe("");
    expect(await anna.json("GET", "/api/mail/suggestions?query=olg")).toMatchObject({
      suggestions: [{ address: "olga@partner.example", name: "Olga", from: "contact" }],
    });
  });
});
