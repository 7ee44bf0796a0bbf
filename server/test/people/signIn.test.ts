import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD, startPeopleServer, type Answer, type PeopleServer } from "./peopleServer.ts";

let server: PeopleServer;
beforeAll(async () => {
  server = await startPeopleServer();
});
afterAll(() => server.stop());

const reasonOf = ({ status, body }: Answer) => [status, body.reason];

describe("the door", () => {
  it("answers unknown, wrong, without a password and switched off in the same words", async () => {
    const known = await server.addPerson();
    const off = await server.addPerson();
    await server.manage("PATCH", `/people/${off.id}`, { state: "disabled" });
    await server.people.create({ login: "no-password", name: "No password" });
    const answers = [
      await server.signIn("nobody-at-all"),
      await server.signIn(known.login, "not the password"),
      await server.signIn(off.login),
      await server.signIn("no-password"),
    ];
    for (const { status, body } of answers)
      expect([status, { ...body, requestId: "" }]).toEqual([
        401,
        {
          type: "urn:kontor:problem:signIn.refused",
          title: "Sign in first",
          status: 401,
          detail: "The name or the password is wrong.",
          code: "unauthenticated",
          reason: "signIn.refused",
          requestId: "",
        },
      ]);
  });

  it.each([
    ["case", (login: string) => login.toUpperCase()],
    ["spaces around it", (login: string) => ` \u00a0${login}\u3000`],
    ["full-width letters", (login: string) => login.replace("p", "\uff50")],
    ["a decomposed accent", (login: string) => login.normalize("NFD")],
  ])("knows one name however it is written: %s", async (_how, write) => {
    const { login } = await server.addPerson({ login: `pérsön-${_how.replaceAll(" ", "-")}` });
    expect((await server.signIn(write(login))).status).toBe(200);
    // … and counts guesses at it together
    for (let guess = 0; guess < 5; guess++)
      await server.signIn(guess % 2 ? login : write(login), "wrong guess", { from: "192.0.2.77" });
    expect(reasonOf(await server.signIn(write(login), PASSWORD, { from: "192.0.2.77" }))).toEqual([
      429,
      "signIn.throttled",
    ]);
  });

  it("pauses after five wrong passwords and says for how long; another address is not kept out", async () => {
    const { login } = await server.addPerson();
    const from = "192.0.2.1";
    for (let guess = 0; guess < 5; guess++)
      expect((await server.signIn(login, "wrong guess", { from })).status).toBe(401);
    const paused = await server.signIn(login, PASSWORD, { from });
    expect(reasonOf(paused)).toEqual([429, "signIn.throttled"]);
    expect(paused.body.retryAfterMs).toBeGreaterThan(0);
    expect(Number(paused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await server.signIn(login, PASSWORD, { from: "192.0.2.2" })).status).toBe(200);
  });

  it("counts guesses that come all at once", async () => {
    const { login } = await server.addPerson();
    const guesses = await Promise.all(
      Array.from({ length: 20 }, () => server.signIn(login, "wrong guess", { from: "192.0.2.3" })),
    );
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  it("bounds guessing at one name from many addresses, and at many names from one", async () => {
    const { login } = await server.addPerson();
    for (let n = 0; n < 50; n++) await server.signIn(login, "wrong guess", { from: `203.0.113.${n}` });
    expect(reasonOf(await server.signIn(login, PASSWORD, { from: "203.0.113.99" }))).toEqual([429, "signIn.throttled"]);
    for (let n = 0; n < 50; n++) await server.signIn(`spray-${n}`, "Password2026!", { from: "192.0.2.4" });
    const other = await server.addPerson();
    expect(reasonOf(await server.signIn(other.login, PASSWORD, { from: "192.0.2.4" }))).toEqual([
      429,
      "signIn.throttled",
    ]);
  });

  it("does not let in with a password that was changed while it was being checked", async () => {
    const { id, login } = await server.addPerson();
    const [signedIn] = await Promise.all([
      server.signIn(login),
      server.manage("PATCH", `/people/${id}`, { password: "another password" }),
    ]);
    // Refused, or let in and out again: in no order is there a session left that the old password opened.
    const me = await server.ask("GET", "/me", { token: (signedIn.body.token as string | undefined) ?? "none" });
    expect(me.status).toBe(401);
  });

  it("gives the console a cookie that scripts and other sites do not get", async () => {
    const { login } = await server.addPerson();
    const signedIn = await server.ask("POST", "/console/sign-in", { body: { login, password: PASSWORD } });
    expect(signedIn.body).toMatchObject({ login, isAdmin: false });
    expect(JSON.stringify(signedIn.body)).not.toContain("ks_");
    expect(signedIn.headers.get("set-cookie")).toMatch(
      /^kontor_session=ks_[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
    const cookie = server.cookieOf(signedIn) ?? "";
    expect((await server.ask("GET", "/me", { headers: { cookie } })).body).toMatchObject({ login });
    expect(reasonOf(await server.ask("POST", "/sign-out", { headers: { cookie } }))).toEqual([403, "origin.foreign"]);
    const out = await server.ask("POST", "/sign-out", { headers: { cookie, origin: server.origin } });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toMatch(/^kontor_session=; Path=\/; Expires=Thu, 01 Jan 1970/);
    expect((await server.ask("GET", "/me", { headers: { cookie } })).status).toBe(401);
  });
});

describe("one's own account", () => {
  it("lists sessions, ends this one and all", async () => {
    const { id, login } = await server.addPerson();
    const [one, two] = [await server.tokenOf(login), await server.tokenOf(login)];
    const sessions = (await server.ask("GET", "/me/sessions", { token: one })).body as unknown as {
      current: boolean;
    }[];
    expect(sessions.map(({ current }) => current).sort()).toEqual([false, true]);
    expect((await server.ask("POST", "/sign-out", { token: one })).status).toBe(204);
    expect(reasonOf(await server.ask("GET", "/me", { token: one }))).toEqual([401, "signIn.expired"]);
    await server.tokenOf(login);
    expect((await server.ask("POST", "/sign-out-everywhere", { token: two })).body).toEqual({ ended: 2 });
    expect((await server.ask("GET", "/me", { token: two })).status).toBe(401);
    expect(server.ended.filter((event) => event.userId === id)).toHaveLength(3);
  });

  it("a changed password ends the other sessions and not this one", async () => {
    const { login } = await server.addPerson();
    const [one, two] = [await server.tokenOf(login), await server.tokenOf(login)];
    const change = (current: string, next: string) =>
      server.ask("PUT", "/me/password", { token: one, body: { current, next } });
    expect((await change("not it", "a new password")).body).toMatchObject({
      status: 422,
      problems: [{ field: "current", reason: "password.wrong" }],
    });
    expect((await change(PASSWORD, "short")).body).toMatchObject({ status: 422, problems: [{ limit: 10 }] });
    expect((await change(PASSWORD, "a new password")).status).toBe(204);
    expect((await server.ask("GET", "/me", { token: one })).status).toBe(200);
    expect((await server.ask("GET", "/me", { token: two })).status).toBe(401);
    expect((await server.signIn(login)).status).toBe(401);
    expect((await server.signIn(login, "a new password")).status).toBe(200);
  });

  it("is not taken back with the old password while an administrator sets a new one", async () => {
    const { id, login } = await server.addPerson();
    const token = await server.tokenOf(login);
    const other = await server.pool.connect();
    try {
      await other.query("begin");
      await other.query("update app_user set password_hash = 'set by somebody else' where id = $1", [id]);
      const body = { current: PASSWORD, next: "a new password" };
      const changing = server.ask("PUT", "/me/password", { token, body });
      await server.someoneWaits();
      await other.query("commit");
      expect(reasonOf(await changing)).toEqual([422, "password.wrong"]);
    } finally {
      other.release();
    }
    expect((await server.signIn(login, "a new password")).status).toBe(401);
  });

  it("does not let whoever finds a screen unlocked guess the password", async () => {
    const { login } = await server.addPerson();
    const token = await server.tokenOf(login);
    const guess = (current: string) =>
      server.ask("PUT", "/me/password", {
        token,
        body: { current, next: "a new password" },
        headers: { "x-forwarded-for": "192.0.2.5" },
      });
    for (let n = 0; n < 5; n++) expect((await guess("wrong guess")).status).toBe(422);
    expect(reasonOf(await guess(PASSWORD))).toEqual([429, "signIn.throttled"]);
  });
});

describe("personal access tokens", () => {
  it("are shown once, work within their scopes, and end when they are withdrawn", async () => {
    const { login } = await server.addPerson();
    const session = await server.tokenOf(login);
    const make = (body: object, token = session) => server.ask("POST", "/me/tokens", { token, body });
    const made = await make({ name: "report", scopes: ["read", "read"] });
    expect(made.status).toBe(201);
    const token = made.body.token as string;
    expect(token).toMatch(/^kp_[\w-]{43}$/);
    expect((await server.ask("GET", "/me", { token })).body).toMatchObject({ login });
    expect(reasonOf(await server.ask("POST", "/sign-out", { token }))).toEqual([403, "token.scope"]);
    const listed = (await server.ask("GET", "/me/tokens", { token: session })).body;
    expect(listed).toMatchObject([{ id: made.body.id, name: "report", scopes: ["read"] }]);
    expect(JSON.stringify(listed)).not.toContain(token.slice(3));
    const stranger = await server.tokenOf((await server.addPerson()).login);
    const withdraw = (by: string) => server.ask("DELETE", `/me/tokens/${made.body.id as string}`, { token: by });
    expect((await withdraw(stranger)).status).toBe(404);
    expect((await withdraw(session)).status).toBe(204);
    expect((await server.ask("GET", "/me", { token })).status).toBe(401);
    const past = await make({ name: "late", scopes: ["read"], expiresAt: "2020-01-01T00:00:00Z" });
    expect(past.body).toMatchObject({ status: 422, problems: [{ field: "expiresAt" }] });
  });

  it("are two hundred at most, also when several are made at once", async () => {
    const { id, login } = await server.addPerson();
    const token = await server.tokenOf(login);
    await server.pool.query(
      `insert into access_token (id, user_id, name, token_sha256, scopes)
        select gen_random_uuid(), $1::uuid, 'script', sha256(($1::uuid::text || n)::bytea), '{read}' from generate_series(1, 197) as n`,
      [id],
    );
    const body = { name: "one more", scopes: ["read"] };
    const made = await Promise.all(Array.from({ length: 6 }, () => server.ask("POST", "/me/tokens", { token, body })));
    expect(made.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409]);
    expect(made.find(({ status }) => status === 409)?.body).toMatchObject({ reason: "token.many" });
    const [first] = (await server.ask("GET", "/me/tokens", { token })).body as unknown as { id: string }[];
    expect((await server.ask("DELETE", `/me/tokens/${first?.id}`, { token })).status).toBe(204);
    expect((await server.ask("POST", "/me/tokens", { token, body })).status).toBe(201);
  });

  it("cannot make others or change the password: they would outlive being withdrawn", async () => {
    const session = await server.tokenOf((await server.addPerson()).login);
    const made = await server.ask("POST", "/me/tokens", {
      token: session,
      body: { name: "all", scopes: ["read", "write", "admin"] },
    });
    const token = made.body.token as string;
    const more = await server.ask("POST", "/me/tokens", { token, body: { name: "more", scopes: ["read"] } });
    expect(reasonOf(more)).toEqual([403, "token.notHere"]);
    const change = { current: PASSWORD, next: "a new password" };
    expect(reasonOf(await server.ask("PUT", "/me/password", { token, body: change }))).toEqual([403, "token.notHere"]);
  });

  it("of every scope give their owner no more rights than they have", async () => {
    const session = await server.tokenOf((await server.addPerson()).login);
    const body = { name: "all", scopes: ["read", "write", "admin"] };
    const token = (await server.ask("POST", "/me/tokens", { token: session, body })).body.token as string;
    expect(reasonOf(await server.ask("GET", "/admin/people", { token }))).toEqual([403, "access.system"]);
  });
});

it("writes no password and no token into its log, at the finest level", async () => {
  const { login } = await server.addPerson();
  const secret = "hunter2 hunter2";
  await server.signIn(login, secret);
  const session = await server.tokenOf(login);
  await server.ask("PUT", "/me/password", { token: session, body: { current: secret, next: secret } });
  const made = await server.ask("POST", "/me/tokens", { token: session, body: { name: "t", scopes: ["read"] } });
  await server.ask("GET", "/me", { token: made.body.token as string });
  await server.manage("POST", "/people", { login: `${login}-2`, name: "x\u0000y", password: secret });
  for (const word of [secret, PASSWORD, session, made.body.token as string, server.rootToken])
    expect(server.log()).not.toContain(word);
  expect(server.log()).toContain('"route":"/me/password"');
});
