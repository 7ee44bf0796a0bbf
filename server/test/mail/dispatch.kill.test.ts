import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { dispatchMessage } from "../../src/mail/send/dispatchMessage.ts";
import { draftOf, mailboxes, openMailHouse, type MailHouse } from "../../src/mail/send/send.fixture.ts";

const CHILD = fileURLToPath(new URL("dispatchProcess.ts", import.meta.url));
/** Moments tried besides those that have a name, spread evenly; with KONTOR_KILLS=all before and after every statement. */
const KILLS = process.env["KONTOR_KILLS"] ?? "3";

let house: MailHouse;
beforeAll(async () => {
  house = await openMailHouse();
  for (const [mailboxId, event] of [
    [mailboxes.ann, "mail.sent"],
    [mailboxes.bob, "mail.received"],
  ])
    await house.test.pool.query(
      `insert into webhook (id, owner_id, resource_type, resource_id, url, events, secret_sealed)
       values ($1, $2, 'mailbox', $3, 'https://hook.example/', array[$4], '\\x00')`,
      [newId(), newId(), mailboxId, event],
    );
});
afterAll(() => house.close());

const TO = ["all@house.example", "boss@house.example", "client@far.example", "other@far.example"];

/** A message with an attachment, due now. */
async function scheduled(subject: string): Promise<string> {
  const [id, fileId] = [newId(), newId()];
  const act = (name: string, args: object) =>
    house.apply(house.actor("ann"), name, id, JSON.parse(JSON.stringify(args)) as never);
  const draft = draftOf("ann", { subject, html: "<p>Hello</p>", to: TO.map((address) => ({ address })) });
  await act("mail.saveDraft", { mailboxId: mailboxes.ann, draft, base: 0 });
  const body = Buffer.from(`attached to ${subject}`);
  const sha256 = createHash("sha256").update(body).digest("hex");
  await act("mail.attach", { fileId, name: "a.txt", size: body.length, sha256, mime: "text/plain" });
  await house.store(fileId, body);
  await act("mail.send", { undoSeconds: 0 });
  return id;
}

interface Ended {
  readonly signal: string | undefined;
  readonly outcome?: string;
  readonly statements?: number;
}

const sendInProcess = (id: string, moment: string) =>
  new Promise<Ended>((resolve, reject) => {
    const args = [CHILD, house.test.url, house.blobRoot, id, String(house.clock.now()), moment];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      const signal = (error as { signal?: string } | null)?.signal;
      if (error && !signal) reject(new Error(stderr));
      else resolve({ signal, ...(stdout === "" ? {} : (JSON.parse(stdout) as object)) } as Ended);
    });
  });

/** Everything that a message is, once it has left or before: one line each. */
async function where(id: string) {
  const { rows } = await house.test.pool.query<{ line: string }>(
    `select coalesce(m.send_state, 'received') || ' ' || box.address as line from mail_message m
       join mailbox box on box.id = m.mailbox_id
       where m.content_id = (select content_id from mail_message where id = $1)
     union all select 'outside ' || recipient from mail_outbound where message_id = $1
     union all select 'told ' || event.name || ' ' || box.address from webhook_event event
       join mail_message m on m.id = (event.data->>'messageId')::uuid join mailbox box on box.id = m.mailbox_id
       where m.content_id = (select content_id from mail_message where id = $1)
     order by line`,
    [id],
  );
  return rows.map(({ line }) => line);
}

const NOT_YET = ["scheduled ann@house.example"];
const LEFT = [
  "outside client@far.example",
  "outside other@far.example",
  ...["ann", "bob", "boss", "eve"].map((name) => `received ${name}@house.example`),
  "sent ann@house.example",
  "told mail.received bob@house.example",
  "told mail.sent ann@house.example",
];

it(
  "[DSP-3, WHK-1] killed at any moment, a message has left to everybody or to nobody, and leaves once, and so have its events",
  { timeout: 600_000 },
  async () => {
    const whole = await sendInProcess(await scheduled("whole"), "never");
    expect(whole).toMatchObject({ signal: undefined, outcome: "sent" });
    const count = whole.statements ?? 0;
    expect(count).toBeGreaterThan(10);

    const every = Array.from({ length: count }, (_, at) => [`before:${at + 1}`, `after:${at + 1}`]).flat();
    const step = KILLS === "all" ? 1 : Math.floor(every.length / (Number(KILLS) + 1));
    const some = every.filter((_, at) => (at + 1) % step === 0);
    const named = ["beforeBlob:", "afterBlob:", `before:${count}`, `after:${count}`];
    const seen = { before: 0, after: 0 };
    for (const moment of [...named, ...some]) {
      const id = await scheduled(moment);
      const killed = await sendInProcess(id, moment);
      expect([moment, killed.signal]).toEqual([moment, "SIGKILL"]);
      const then = await where(id);
      expect([moment, [NOT_YET, LEFT]]).toEqual([moment, expect.arrayContaining([then])]);
      seen[then.length === NOT_YET.length ? "before" : "after"]++;
      // Whoever comes next: what the dead one held is let go as soon as the database notices, and nothing happens twice.
      const next = then.length === NOT_YET.length ? "sent" : "busy";
      await expect.poll(() => dispatchMessage(house.dispatch(), id), { message: moment }).toBe(next);
      expect([moment, await where(id)]).toEqual([moment, LEFT]);
    }
    // Both sides of the commit were seen.
    expect(Math.min(seen.before, seen.after)).toBeGreaterThan(0);
  },
);
