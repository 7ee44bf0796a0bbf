import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock, type Clock } from "@kontor/shared/base";
import { createSeal } from "#kernel";
import { startDovecot, type Dovecot } from "../../../test/mail/dovecot.ts";
import { OAUTH_CLIENT, startOAuthServer, type OAuthServer } from "../../../test/mail/oauthServer.ts";
import { createImapflow } from "../../adapters/imap/index.ts";
import { people } from "../mail.fixture.ts";
import { addAccount, startHouse, type House, type TestAccount } from "./accounts.fixture.ts";
import { findAccount } from "./accounts.repo.ts";
import { createCredentials, type Credentials } from "./credentials.ts";
import { createOAuthFlows, type OAuthFlows } from "./oauth.flow.ts";
import { googleOAuth, type OAuthProvider } from "./oauth.providers.ts";

/** From the browser to a mail server that asks the provider whether the token is good. */
let house: House;
let oauth: OAuthServer;
let dovecot: Dovecot;
let provider: OAuthProvider;
let credentials: Credentials;
let flows: OAuthFlows;
let shiftMs = 0;
const clock: Clock = { now: () => systemClock.now() + shiftMs };

beforeAll(async () => {
  house = await startHouse();
  oauth = await startOAuthServer();
  dovecot = await startDovecot({ introspectionUrl: `${oauth.url}/introspect` });
  provider = { ...googleOAuth(OAUTH_CLIENT), authorizeUrl: `${oauth.url}/authorize`, tokenUrl: `${oauth.url}/token` };
  const deps = { db: house.db, seal: createSeal(randomBytes(32)), clock, providers: [provider], fetch };
  credentials = createCredentials(deps);
  flows = createOAuthFlows({ ...deps, publicUrl: "https://kontor.example/" });
});
afterAll(async () => {
  await dovecot.stop();
  await oauth.stop();
  await house.stop();
});
beforeEach(() => {
  shiftMs = 0;
  oauth.answer(undefined);
  oauth.setLifetime(3_600);
});

/** What the browser brings back. */
async function agreed(url: string, user = "anna"): Promise<{ state: string; code: string }> {
  const back = new URL(await oauth.agree(url, user));
  return { state: back.searchParams.get("state") ?? "", code: back.searchParams.get("code") ?? "" };
}

describe("signing in at a provider", () => {
  it("by a browser that comes back here, finished with the letters that it shows", async () => {
    const { flow, url } = await flows.begin(people.ann, { provider: "google" });
    const asked = new URL(url).searchParams;
    expect(asked.get("redirect_uri")).toBe("https://kontor.example/api/mail/oauth/callback");
    expect([asked.get("response_type"), asked.get("access_type")]).toEqual(["code", "offline"]);
    await expect(flows.finish(people.ann, flow, { words: "AAAAAA" })).rejects.toMatchObject({
      details: { reason: "oauth.waiting" },
    });
    const back = await flows.comeBack(await agreed(url));
    if (!("words" in back)) throw new Error(back.reason);
    expect(back.words).toMatch(/^[A-Z2-9]{6}$/);
    // Whoever sent the address to somebody else has the flow, and not the letters.
    await expect(flows.peek(people.ann, flow)).rejects.toMatchObject({ code: "notFound" });
    await expect(flows.finish(people.bob, flow, back)).rejects.toMatchObject({ code: "notFound" });
    await expect(flows.finish(people.ann, flow, { words: "XXXXXX" })).rejects.toMatchObject({
      details: { reason: "oauth.words" },
    });
    const finished = await flows.finish(people.ann, flow, { words: ` ${back.words.toLowerCase()} ` });
    expect(finished).toMatchObject({ address: "anna@elsewhere.example" });
    expect((await flows.peek(people.ann, flow)).tokens.refreshToken).toBeDefined();
    const taken = await house.db.transaction().execute((trx) => flows.take(trx, people.ann, flow));
    expect(taken.provider.preset).toBe("gmail");
    await expect(flows.peek(people.ann, flow)).rejects.toMatchObject({ code: "notFound" });
  });

  it("by a program on the person's own machine, which brings the code", async () => {
    const redirectUri = "http://127.0.0.1:51234/back";
    const { flow, url } = await flows.begin(people.ann, { provider: "google", redirectUri });
    const { code } = await agreed(url);
    expect(await flows.finish(people.ann, flow, { code })).toMatchObject({ address: "anna@elsewhere.example" });
    await expect(flows.finish(people.ann, flow, { code })).rejects.toMatchObject({ code: "notFound" });
    await expect(
      flows.begin(people.ann, { provider: "google", redirectUri: "https://evil.example/back" }),
    ).rejects.toMatchObject({ details: { reason: "oauth.redirect" } });
  });

  it("not with a code for a flow that comes back here: the letters are what binds it to the browser", async () => {
    const { flow, url } = await flows.begin(people.ann, { provider: "google" });
    const { code } = await agreed(url);
    await expect(flows.finish(people.ann, flow, { code })).rejects.toMatchObject({ code: "notFound" });
  });

  it("not by guessing letters, not twice, not too late", async () => {
    const guessed = await flows.begin(people.ann, { provider: "google" });
    const brought = await agreed(guessed.url);
    const back = await flows.comeBack(brought);
    if (!("words" in back)) throw new Error(back.reason);
    await expect(flows.comeBack(brought)).rejects.toMatchObject({ code: "notFound" });
    for (let n = 0; n < 5; n++)
      await expect(flows.finish(people.ann, guessed.flow, { words: "XXXXXX" })).rejects.toMatchObject({
        code: "invalid",
      });
    await expect(flows.finish(people.ann, guessed.flow, back)).rejects.toMatchObject({ code: "notFound" });

    const late = await flows.begin(people.ann, { provider: "google" });
    shiftMs = 16 * 60_000;
    await expect(flows.comeBack(await agreed(late.url))).rejects.toMatchObject({ code: "notFound" });
  });

  it("says why it did not work, and keeps nothing secret in the clear", async () => {
    const refused = await flows.begin(people.ann, { provider: "google" });
    expect(await flows.comeBack({ state: refused.flow, error: "access_denied" })).toEqual({ reason: "auth" });
    await expect(flows.finish(people.ann, refused.flow, { words: "XXXXXX" })).rejects.toMatchObject({ reason: "auth" });
    const broken = await flows.begin(people.ann, { provider: "google" });
    oauth.answer({ status: 503, body: "<html>" });
    expect(await flows.comeBack(await agreed(broken.url))).toEqual({ reason: "busy" });
    const { rows } = await house.test.pool.query("select * from mail_oauth_flow");
    expect(JSON.stringify(rows)).not.toContain(refused.flow);
  });
});

describe("an account that signs in by OAuth", () => {
  let account: TestAccount;
  beforeEach(async () => {
    oauth.setLifetime(3_600);
    const { flow, url } = await flows.begin(people.ann, { provider: "google", redirectUri: "http://127.0.0.1:1/" });
    const user = `oauth-${randomBytes(3).toString("hex")}`;
    await flows.finish(people.ann, flow, { code: (await agreed(url, user)).code });
    const { tokens } = await flows.peek(people.ann, flow);
    account = await addAccount(house, dovecot, { user_name: user, provider: "gmail", auth: "oauth" });
    const sealed = credentials.sealTokens(account.mailboxId, tokens);
    await house.test.pool.query(
      "update mail_account set secret_sealed = $2, access_expires_at = $3 where mailbox_id = $1",
      [account.mailboxId, sealed.secret_sealed, sealed.access_expires_at],
    );
  });

  const connect = async (isRefused = false) => {
    const imap = createImapflow({ allowInnerNetwork: true, ca: dovecot.certificate });
    const server = { host: dovecot.host, port: dovecot.imapsPort, security: "tls" } as const;
    const session = await imap.connect({ ...server, ...(await credentials.of(account.mailboxId, { isRefused })) });
    await session.select("INBOX");
    await session.close();
  };

  it("shows a real mail server a real token", async () => {
    await connect();
    expect(await dovecot.log()).toMatch(new RegExp(`Login: user=<${account.user}>, method=OAUTHBEARER`));
  });

  it("refreshes the token before it ends, and once for all who ask", async () => {
    const before = oauth.grants.length;
    shiftMs = 3_590_000;
    const [one, two] = await Promise.all([credentials.of(account.mailboxId), credentials.of(account.mailboxId)]);
    expect(one).toEqual(two);
    expect(oauth.grants.slice(before)).toEqual(["refresh_token"]);
    await connect();
    // The refresh token was good once: the next one came with the answer.
    shiftMs *= 2.1;
    await connect();
    expect(oauth.grants.slice(before)).toEqual(["refresh_token", "refresh_token"]);
  });

  it("refreshes a token that the server refuses, whatever its time", async () => {
    const before = oauth.grants.length;
    await connect(true);
    expect(oauth.grants.slice(before)).toEqual(["refresh_token"]);
  });

  it("asks its owner when the leave was taken back, and waits when the provider is away", async () => {
    shiftMs = 3_600_000;
    oauth.answer({ status: 500, body: "" });
    await expect(credentials.of(account.mailboxId)).rejects.toMatchObject({ reason: "busy" });
    oauth.answer({ status: 200, body: "not JSON" });
    await expect(credentials.of(account.mailboxId)).rejects.toMatchObject({ reason: "server" });
    oauth.answer(undefined);
    oauth.revoke();
    await expect(credentials.of(account.mailboxId)).rejects.toMatchObject({
      reason: "auth.expired",
      words: "invalid_grant: Bad grant",
    });
  });

  it("is sealed, for its own row alone", async () => {
    const row = await findAccount(house.db, account.mailboxId);
    const { secret } = await credentials.of(account.mailboxId);
    if (secret.kind !== "oauth") throw new Error("no token");
    expect(row?.secret_sealed.toString("latin1")).not.toContain(secret.accessToken);
    const other = await addAccount(house, dovecot, { ...(row && { secret_sealed: row.secret_sealed }), auth: "oauth" });
    await expect(credentials.of(other.mailboxId)).rejects.toMatchObject({ details: { reason: "secret.unreadable" } });
  });
});
