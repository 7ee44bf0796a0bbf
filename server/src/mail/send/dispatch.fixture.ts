import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { newId } from "@kontor/shared/base";
import type { MailIntentName } from "@kontor/shared/mail";
import { messageTables } from "../messages/messages.repo.ts";
import { parseMessage } from "../mime/parseMessage.ts";
import { dispatchMessage } from "./dispatchMessage.ts";
import { draftOf, mailboxes, type Login, type MailboxName, type MailHouse } from "./send.fixture.ts";

/** What the tests of leaving messages do with a house: people save, attach and send, and what left is read back. */
export function dispatchTools(house: () => MailHouse) {
  const act = (name: MailIntentName, id: string, args: object, login: Login = "ann") =>
    house().apply(house().actor(login), name, id, JSON.parse(JSON.stringify(args)) as never);
  const to = (...addresses: readonly string[]) => addresses.map((address) => ({ address }));

  async function draft(content: Parameters<typeof draftOf>[1], mailbox: MailboxName = "ann", login: Login = "ann") {
    const id = newId();
    await act(
      "mail.saveDraft",
      id,
      { mailboxId: mailboxes[mailbox], draft: draftOf(mailbox, content), base: 0 },
      login,
    );
    return id;
  }
  async function scheduled(content: Parameters<typeof draftOf>[1], mailbox: MailboxName = "ann", login: Login = "ann") {
    const id = await draft(content, mailbox, login);
    await act("mail.send", id, { undoSeconds: 0 }, login);
    return id;
  }
  const dispatch = (id: string, over?: Parameters<MailHouse["dispatch"]>[0]) =>
    dispatchMessage(house().dispatch(over), id);
  const outbound = async () =>
    (await house().test.pool.query("select * from mail_outbound order by recipient")).rows as Record<string, unknown>[];
  const count = async (table: string) =>
    Number(((await house().test.pool.query(`select count(*) as n from ${table}`)).rows[0] as { n: number }).n);

  async function rawOf(id: string) {
    const { raw_sha256: sha256 } = await messageTables(house().test.db)
      .selectFrom("mail_message as m")
      .innerJoin("mail_content as c", "c.id", "m.content_id")
      .select("c.raw_sha256")
      .where("m.id", "=", id)
      .executeTakeFirstOrThrow();
    const bytes = await buffer(await house().blobs.get(sha256 ?? ""));
    const parsed = parseMessage(bytes);
    if (parsed.kind !== "parsed") throw new Error(parsed.message);
    return { bytes, text: bytes.toString("latin1"), message: parsed.message };
  }
  const summary = async (name: MailboxName) =>
    await Promise.all(
      (await house().messagesIn(name)).map(async (message) => [await house().folderRole(message), message.subject]),
    );
  async function attach(id: string, body: Buffer, more: { name?: string; size?: number; cid?: string } = {}) {
    const fileId = newId();
    const sha256 = createHash("sha256").update(body).digest("hex");
    const file = { name: "offer.txt", size: body.length, mime: "text/plain", sha256, ...more };
    await act("mail.attach", id, { fileId, ...file });
    return { fileId, arrive: () => house().store(fileId, body) };
  }

  const setFields = (recordId: string, fields: object) =>
    house().test.pool.query("update record set fields = fields || $2::jsonb where id = $1", [
      recordId,
      JSON.stringify(fields),
    ]);
  const eur = (amount: string) => ({ amount: `${amount}.00`, currency: "EUR" });

  return { act, to, draft, scheduled, dispatch, outbound, count, rawOf, summary, attach, setFields, eur };
}
