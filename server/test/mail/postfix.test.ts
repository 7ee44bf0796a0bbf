import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { postfixMissing, startPostfix, type Postfix } from "./postfix.ts";
import { membersOf } from "./processGroup.ts";
import { talkTo } from "./talk.ts";

let postfix: Postfix;
const missing = postfixMissing();
beforeAll(async () => {
  if (missing === undefined)
    postfix = await startPostfix({
      domain: "far.example",
      users: ["bob"],
      refuses: { "grey@far.example": "450 4.2.0 Greylisted" },
    });
});
afterAll(() => postfix?.stop());

// Needs Debian's postfix, and root to start it.
it.skipIf(missing !== undefined)("takes mail for its users, and refuses as it was told", async () => {
  const peer = await talkTo({ port: postfix.port });
  expect(
    await peer.send({ from: "x@ours.example", to: ["bob@far.example"], raw: "Subject: Hello\r\n\r\n.dot\r\n" }),
  ).toMatch(/^250 2\.0\.0 Ok: queued/);
  await expect.poll(async () => (await postfix.mailbox("bob")).length, { timeout: 10_000 }).toBe(1);
  expect((await postfix.mailbox("bob"))[0]).toMatch(/^Subject: Hello\n[^]*\n\n\.dot\n$/m);
  await peer.say("MAIL FROM:<x@ours.example>");
  expect(await peer.say("RCPT TO:<grey@far.example>")).toMatch(/^450 4\.2\.0 .*Greylisted/);
  expect(await peer.say("RCPT TO:<nobody@far.example>")).toMatch(/^550 5\.1\.1 /);
  peer.end();
});

it.skipIf(missing !== undefined)("leaves no process when it is stopped", async () => {
  const other = await startPostfix({ domain: "other.example", users: [] });
  const group = Number(await readFile(join(other.directory, "spool/pid/master.pid"), "utf8"));
  expect(await membersOf([group])).not.toEqual([]);
  await other.stop();
  expect(await membersOf([group])).toEqual([]);
  const peer = await talkTo({ port: postfix.port });
  expect(peer.greeting).toMatch(/^220 mx\.far\.example/);
  peer.end();
});
