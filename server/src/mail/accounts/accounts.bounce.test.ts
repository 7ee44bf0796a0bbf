import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { startDovecot, type Dovecot } from "../../../test/mail/dovecot.ts";
import { openBoth, placeOurs, rowOf, startHouse, type Both, type House } from "./accounts.fixture.ts";

let house: House;
let dovecot: Dovecot;
let both: Both;
beforeAll(async () => {
  house = await startHouse();
  dovecot = await startDovecot();
  both = await openBoth(house, dovecot);
});
afterAll(async () => {
  await both.close();
  await dovecot.stop();
  await house.stop();
});

/** A message that left by this account, as the queue has it once the provider took it. */
async function leave(messageId: string, recipients: readonly string[]): Promise<string> {
  await placeOurs(house, both, messageId);
  const { id } = (await rowOf(house, both.mailboxId, messageId)) ?? { id: "" };
  const envelopeId = newId().replaceAll("-", "");
  for (const recipient of recipients)
    await house.test.pool.query(
      `insert into mail_outbound (id, message_id, content_id, mailbox_id, account_id, envelope_from, recipient, domain, state, envelope_id)
       select $1, id, content_id, mailbox_id, mailbox_id, 'ann@elsewhere.example', $3, 'far.example', 'relayed', $4
       from mail_message where id = $2`,
      [newId(), id, recipient, envelopeId],
    );
  return envelopeId;
}

const report = (id: string, fields: readonly string[], about: string): string =>
  [
    "From: Mail Delivery System <MAILER-DAEMON@far.example>",
    "Subject: Undelivered Mail Returned to Sender",
    `Message-ID: <${id}>`,
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    "",
    "--b",
    "",
    "It could not be delivered.",
    "--b",
    "Content-Type: message/delivery-status",
    "",
    ...fields,
    "--b",
    "Content-Type: message/rfc822",
    "",
    `Message-ID: <${about}>`,
    "",
    "Hello",
    "--b--",
    "",
  ].join("\r\n");

const states = async (envelopeId: string) => {
  const { rows } = await house.test.pool.query<{ recipient: string; state: string; reply: string | null }>(
    "select recipient, state, reply from mail_outbound where envelope_id = $1 order by recipient",
    [envelopeId],
  );
  return rows;
};

const threadOf = async (messageId: string) => {
  const { rows } = await house.test.pool.query<{ thread_id: string }>(
    `select message.thread_id from mail_message message join mail_content content on content.id = message.content_id
     where message.mailbox_id = $1 and content.message_id = $2`,
    [both.mailboxId, messageId],
  );
  return rows.map(({ thread_id }) => thread_id);
};

it("a report that comes by an account tells of each recipient, and lies in the thread of what it is about", async () => {
  const envelopeId = await leave("away1@x", ["no@far.example", "yes@far.example", "other@far.example"]);
  const fields = [
    `Original-Envelope-Id: ${envelopeId}`,
    "",
    "Final-Recipient: rfc822; no@far.example",
    "Action: failed",
    "Status: 5.1.1",
    "Diagnostic-Code: smtp; 550 5.1.1 No such user",
    "",
    "Final-Recipient: rfc822; yes@far.example",
    "Action: delivered",
    "Status: 2.0.0",
  ];
  await both.other.append("INBOX", report("report1@far", fields, "away1@x"));
  await both.settle();
  expect(await states(envelopeId)).toMatchObject([
    { recipient: "no@far.example", state: "failed", reply: "550 5.1.1 No such user" },
    { recipient: "other@far.example", state: "relayed" },
    { recipient: "yes@far.example", state: "delivered" },
  ]);
  expect(await threadOf("report1@far")).toEqual(await threadOf("away1@x"));
});

it("one that the provider took for spam tells it, too, and one about nothing of ours tells nothing", async () => {
  const envelopeId = await leave("away2@x", ["no@far.example"]);
  const fields = ["Reporting-MTA: dns; far.example", "", "Final-Recipient: rfc822; no@far.example", "Action: failed"];
  await both.other.append("Junk", report("report2@far", fields, "never@x"));
  await both.settle();
  expect(await states(envelopeId)).toMatchObject([{ state: "relayed" }]);
  await both.other.append("Junk", report("report3@far", fields, "away2@x"));
  await both.settle();
  expect(await states(envelopeId)).toMatchObject([{ state: "failed" }]);
});
