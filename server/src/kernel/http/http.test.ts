import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { DomainError } from "@kontor/shared/base";
import {
  createHttp,
  createLog,
  createMetrics,
  defineEndpoint,
  type AuditEntry,
  type Endpoint,
  type HttpDeps,
  type HttpServer,
  type Principal,
  type Scope,
} from "#kernel";

const principal = (scopes: readonly Scope[]): Principal => ({
  userId: "018f0000-0000-7000-8000-000000000001",
  login: "anna",
  name: "Anna",
  isAdmin: true,
  channel: "api",
  scopes,
});
const TOKENS: Readonly<Record<string, Principal>> = {
  reader: principal(["read"]),
  writer: principal(["read", "write"]),
  all: principal(["read", "write", "admin"]),
};

let lines: string[] = [];
let noted: AuditEntry[] = [];
let open: { http: HttpServer; origin: string; port: number } | undefined;
/** The running requests of `/slow`: each ends when the test says so. */
let release: (() => void)[] = [];
let releaseCheck: string | true | Error = true;

const self = { kind: "self", because: "test" } as const;
const ok = z.object({ ok: z.boolean() });
const answer = async () => ({ ok: true });
const endpoints: readonly Endpoint[] = [
  defineEndpoint({
    method: "post",
    path: "/open",
    summary: "Anybody",
    tag: "t",
    access: { kind: "anybody", because: "test" },
    body: z.object({ text: z.string().max(5), count: z.int().min(3).optional() }),
    reply: ok,
    handle: answer,
  }),
  defineEndpoint({ method: "get", path: "/mine", summary: "Read", tag: "t", access: self, reply: ok, handle: answer }),
  defineEndpoint({
    method: "post",
    path: "/mine",
    summary: "Write",
    tag: "t",
    access: self,
    reply: ok,
    handle: answer,
  }),
  defineEndpoint({
    method: "post",
    path: "/address",
    summary: "Asks with a body, changes nothing",
    tag: "t",
    access: self,
    scope: "read",
    reply: ok,
    handle: answer,
  }),
  defineEndpoint({
    method: "get",
    path: "/system",
    summary: "Administer",
    tag: "t",
    access: { kind: "system", action: "administer" },
    reply: ok,
    handle: answer,
  }),
  defineEndpoint({
    method: "get",
    path: "/rare",
    summary: "Limited",
    tag: "t",
    access: { kind: "anybody", because: "test" },
    rateLimit: { perMinute: 2 },
    reply: ok,
    handle: answer,
  }),
  defineEndpoint({
    method: "get",
    path: "/people/:id",
    summary: "One",
    tag: "t",
    access: { kind: "anybody", because: "test" },
    params: z.object({ id: z.string() }),
    reply: ok,
    handle: answer,
  }),
  defineEndpoint({
    method: "get",
    path: "/cards/:id",
    summary: "Somebody else's",
    tag: "t",
    access: self,
    params: z.object({ id: z.string() }),
    reply: ok,
    handle: () =>
      Promise.reject(
        new DomainError("forbidden", "Not yours.", {
          reason: "record.fields",
          problems: [{ field: "salary", reason: "field.forbidden", message: "Not yours." }],
        }),
      ),
  }),
  defineEndpoint({
    method: "get",
    path: "/broken",
    summary: "Fails",
    tag: "t",
    access: { kind: "anybody", because: "test" },
    reply: ok,
    handle: () => Promise.reject(new Error("select * from secret_table at 10.0.0.5")),
  }),
  defineEndpoint({
    method: "get",
    path: "/slow",
    summary: "Waits",
    tag: "t",
    access: { kind: "anybody", because: "test" },
    reply: ok,
    handle: () => new Promise<{ ok: boolean }>((resolve) => release.push(() => resolve({ ok: true }))),
  }),
];

async function start(more: Partial<HttpDeps> = {}) {
  lines = [];
  noted = [];
  release = [];
  releaseCheck = true;
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => void (lines.push(chunk.toString()), done()),
  });
  const http = createHttp({
    host: "127.0.0.1",
    port: 0,
    publicUrl: undefined,
    version: "1.2.3",
    trustProxy: false,
    endpoints,
    log: createLog({ level: "trace", destination }),
    metrics: createMetrics(),
    audit: { note: async (entries) => void noted.push(...entries) },
    authenticate: async ({ token }) => TOKENS[token],
    maySystem: async (who) => who.isAdmin,
    checks: {
      database: async () => {
        if (releaseCheck instanceof Error) throw releaseCheck;
        return releaseCheck;
      },
    },
    ...more,
  });
  const port = await http.listen();
  open = { http, port, origin: `http://127.0.0.1:${port}` };
  return open;
}
afterEach(async () => {
  for (const end of release) end();
  await open?.http.drain(1_000);
  open = undefined;
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** Without a connection that stays, and with headers (Host, Origin) that `fetch` would not let through. */
async function ask(path: string, options: { method?: string; headers?: object; body?: string } = {}): Promise<Answer> {
  const sent = httpRequest({
    host: "127.0.0.1",
    port: open?.port,
    path,
    method: options.method ?? (options.body === undefined ? "GET" : "POST"),
    agent: false,
    headers: { ...(options.body === undefined ? {} : { "content-type": "application/json" }), ...options.headers },
  });
  sent.end(options.body);
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  const body = await text(response);
  const json = (response.headers["content-type"] ?? "").includes("json") ? (JSON.parse(body) as object) : {};
  return { status: response.statusCode ?? 0, headers: response.headers, text: body, json: json as Answer["json"] };
}
/** A connection that the client keeps; what came until the server closed it. */
function raw(port: number, start: string) {
  const socket = connect(port, "127.0.0.1");
  socket.write(start);
  return { socket, answer: text(socket) };
}
const connections = (http: HttpServer) =>
  new Promise<number>((resolve) => http.server.getConnections((_error, count) => resolve(count)));
const as = (token: string) => ({ authorization: `Bearer ${token}` });

describe("[POL-12] a denial", () => {
  const denied = (reason: string, path: string, method = "get") => ({
    action: "access.denied",
    outcome: "denied",
    by: { userId: principal([]).userId, login: "anna", channel: "api", ip: "127.0.0.1" },
    object: { kind: path.slice(1) },
    details: { door: "http", method, path, reason },
  });

  it("is noted before it is answered: of policies, of a token's scope, of a handler, of a foreign page", async () => {
    await start({ maySystem: async () => false });
    expect((await ask("/api/system", { headers: as("all") })).status).toBe(403);
    expect((await ask("/api/mine", { body: "{}", headers: as("reader") })).status).toBe(403);
    const foreign = { cookie: "kontor_session=all", origin: "https://elsewhere.example" };
    expect((await ask("/api/mine", { body: "{}", headers: foreign })).status).toBe(403);
    expect(noted).toEqual([
      denied("access.system", "/system"),
      denied("token.scope", "/mine", "post"),
      { ...denied("origin.foreign", "/mine", "post"), by: { ip: "127.0.0.1" } },
    ]);
  });

  it("names the thing by its id and the fields by their names, and repeats nothing else of the address", async () => {
    await start();
    const id = "018f0000-0000-7000-8000-00000000000a";
    expect((await ask(`/api/cards/${id}?q=CANARY`, { headers: as("all") })).status).toBe(403);
    expect((await ask("/api/cards/CANARY", { headers: as("all") })).status).toBe(403);
    expect(noted).toMatchObject([
      { object: { kind: "cards", id }, details: { path: "/cards/:id", reason: "record.fields", fields: ["salary"] } },
      { object: { kind: "cards" } },
    ]);
    expect(JSON.stringify(noted)).not.toContain("CANARY");
  });

  it("is no denial when somebody is not known, or the input is wrong", async () => {
    await start();
    expect((await ask("/api/mine")).status).toBe(401);
    expect((await ask("/api/open", { body: "{}" })).status).toBe(422);
    expect((await ask("/api/broken")).status).toBe(500);
    expect(noted).toEqual([]);
  });

  it("that cannot be noted is not answered as one", async () => {
    const lost = Object.assign(new Error("lost"), { code: "ECONNREFUSED" });
    await start({ maySystem: async () => false, audit: { note: () => Promise.reject(lost) } });
    expect((await ask("/api/system", { headers: as("all") })).json).toMatchObject({ reason: "database.unavailable" });
  });
});

describe("a refusal", () => {
  it("is problem details with the request's id, and repeats nothing of an inner error", async () => {
    await start();
    const broken = await ask("/api/broken");
    expect(broken.status).toBe(500);
    expect(broken.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(broken.json).toEqual({
      type: "urn:kontor:problem:internal",
      title: "Something went wrong here",
      status: 500,
      detail: "Something went wrong here. The request id helps the administrator to find out what.",
      code: "internal",
      reason: "internal",
      requestId: broken.headers["x-request-id"],
    });
    expect(lines.join("")).toContain(`"requestId":"${broken.headers["x-request-id"] as string}"`);
    expect(lines.join("")).toContain("secret_table");
  });

  it.each([
    ["an address where nothing is", "/api/nothing", {}, 404, "route.unknown"],
    ["an address that cannot be read", "/api/people/%E0%A4%A", {}, 422, "request.malformed"],
    ["JSON that is none", "/api/open", { body: '{"text": ' }, 422, "body.notJson"],
    ["a body too large", "/api/open", { body: JSON.stringify({ text: "x".repeat(1 << 20) }) }, 413, "body.tooLarge"],
    ["a body too deep", "/api/open", { body: "[".repeat(500_000) + "]".repeat(500_000) }, 422, "body.tooDeep"],
    [
      "a form instead of JSON",
      "/api/open",
      { body: "text=a", headers: { "content-type": "application/x-www-form-urlencoded" } },
      422,
      "body.notJson",
    ],
    [
      "an encoding nobody knows",
      "/api/open",
      { body: "{}", headers: { "content-encoding": "tar" } },
      422,
      "request.malformed",
    ],
    ["nobody signed in", "/api/mine", {}, 401, "signIn.needed"],
    ["a token that ended", "/api/mine", { headers: as("gone") }, 401, "signIn.expired"],
  ])("has its status and a stable reason: %s", async (_name, path, options, status, reason) => {
    await start();
    const refused = await ask(path, options);
    expect([refused.status, refused.json.reason]).toEqual([status, reason]);
    expect(refused.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(refused.headers["www-authenticate"]).toBe(status === 401 ? "Bearer" : undefined);
  });

  it("names each wrong field, and its limit", async () => {
    await start();
    const refused = await ask("/api/open", { body: JSON.stringify({ text: "too long", count: 1 }) });
    expect([refused.status, refused.json.reason]).toEqual([422, "input.invalid"]);
    expect(refused.json.problems).toMatchObject([
      { field: "text", reason: "input.too_big", limit: 5 },
      { field: "count", reason: "input.too_small", limit: 3 },
    ]);
  });

  it("is not for brackets inside a text", async () => {
    await start();
    const brackets = { text: '[[{{"', more: "[".repeat(1_000) + '\\"[' };
    expect((await ask("/api/open", { body: JSON.stringify(brackets) })).status).toBe(200);
  });

  it("says of a file that is missing that it is missing", async () => {
    const missing = Object.assign(new Error("ENOENT"), { status: 404 }); // as Express's file server throws it
    await start({ mount: (app) => void app.get("/asset.js", () => Promise.reject(missing)) });
    expect((await ask("/asset.js")).json).toMatchObject({ status: 404, reason: "route.unknown" });
  });

  it("keeps a NUL in a text from being our mistake", async () => {
    const nul = Object.assign(new Error("invalid byte sequence"), { code: "22021" });
    await start({ mount: (app) => void app.get("/nul", () => Promise.reject(nul)) });
    expect((await ask("/nul")).json).toMatchObject({ status: 422, reason: "text.unstorable" });
  });
});

describe("a personal access token", () => {
  it.each([
    ["reader", "GET", "/api/mine", undefined],
    ["reader", "POST", "/api/mine", "write"],
    ["reader", "POST", "/api/address", undefined],
    ["reader", "GET", "/api/system", "admin"],
    ["writer", "POST", "/api/mine", undefined],
    ["writer", "GET", "/api/system", "admin"],
    ["all", "GET", "/api/system", undefined],
  ])("reaches as far as its scopes: %s %s %s lacks %s", async (token, method, path, lacks) => {
    await start();
    const { json } = await ask(path, { method, headers: as(token) });
    const refused = { status: 403, reason: "token.scope", params: { scope: lacks } };
    expect(json).toMatchObject(lacks === undefined ? { ok: true } : refused);
  });

  it("does not give what policies refuse its owner", async () => {
    await start({ maySystem: async () => false });
    expect((await ask("/api/system", { headers: as("all") })).json).toMatchObject({
      status: 403,
      reason: "access.system",
    });
  });
});

describe("the console's cookie", () => {
  const cookie = { cookie: "other=1; kontor_session=all" };
  it("changes something only for our own pages; a bearer token needs no origin", async () => {
    const { origin } = await start();
    const post = (headers: object) => ask("/api/mine", { method: "POST", headers });
    expect((await post({ ...cookie, origin })).status).toBe(200);
    for (const headers of [
      cookie,
      { ...cookie, origin: "null" },
      { ...cookie, origin: "http://evil.example" },
      { ...cookie, origin: `${origin}.evil.example` },
      { ...cookie, origin: origin.replace(/:\d+$/, ":1") },
    ])
      expect((await post(headers)).json).toMatchObject({ status: 403, reason: "origin.foreign" });
    expect((await post({ ...as("all"), origin: "http://evil.example" })).status).toBe(200);
    expect((await ask("/api/mine", { headers: cookie })).status).toBe(200);
  });

  it("goes by the public address and not by the Host header, where there is one", async () => {
    await start({ publicUrl: "https://office.example/" });
    const post = (headers: object) => ask("/api/mine", { method: "POST", headers: { ...cookie, ...headers } });
    expect((await post({ host: "evil.example", origin: "http://evil.example" })).status).toBe(403);
    expect((await post({ host: "inner", origin: "https://office.example" })).status).toBe(200);
  });
});

describe("limits", () => {
  it("answer 429 with the time to wait, and count per address", async () => {
    await start();
    expect((await ask("/api/rare")).status).toBe(200);
    expect((await ask("/api/rare")).status).toBe(200);
    const refused = await ask("/api/rare", { headers: { "x-forwarded-for": "203.0.113.9" } }); // nobody's proxy: not believed
    expect(refused.json).toMatchObject({ status: 429, reason: "rateLimited" });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(refused.json.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it("believe a proxy that was named, and take an IPv6 network as one address", async () => {
    await start({ trustProxy: "loopback" });
    const from = async (address: string) =>
      (await ask("/api/rare", { headers: { "x-forwarded-for": address } })).status;
    expect([await from("203.0.113.9"), await from("203.0.113.9"), await from("203.0.113.9")]).toEqual([200, 200, 429]);
    expect(await from("203.0.113.10")).toBe(200);
    expect([await from("2001:db8::1"), await from("2001:db8::2"), await from("2001:db8::ffff:3")]).toEqual([
      200, 200, 429,
    ]);
    expect(await from("2001:db8:0:1::1")).toBe(200);
  });
});

describe("every answer", () => {
  it("carries an id of its own and the headers that keep a browser safe", async () => {
    await start({ publicUrl: "https://office.example" });
    const one = await ask("/api/mine", { headers: as("all") });
    const two = await ask("/api/nothing");
    expect(one.headers["x-request-id"]).not.toBe(two.headers["x-request-id"]);
    for (const { headers } of [one, two]) {
      expect(headers["content-security-policy"]).toContain("script-src 'self';");
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["strict-transport-security"]).toContain("max-age");
      expect(headers["x-powered-by"]).toBeUndefined();
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect(one.headers["cache-control"]).toBe("no-store");
  });

  it("leaves no secret in the log", async () => {
    await start();
    const secret = "kp_hunter2hunter2";
    await ask("/api/mine", { headers: as(secret) });
    await ask("/api/mine?token=hunter2", { method: "POST", headers: { cookie: `kontor_session=${secret}` } });
    await ask("/api/open", { body: JSON.stringify({ text: "hunter2", password: "hunter2" }) });
    await ask("/api/open", { body: '{"password": "hunter2"' });
    await ask("/f/hunter2");
    await ask("/metrics", { headers: as(secret) });
    expect(lines.filter((line) => line.includes('"msg":"request"'))).toHaveLength(6);
    expect(lines.join("")).not.toContain("hunter2");
  });
});

describe("what operators ask", () => {
  it("/healthz lives, /readyz says what fails without saying where", async () => {
    await start();
    expect((await ask("/healthz")).json).toEqual({ status: "ok", version: "1.2.3" });
    expect(await ask("/readyz")).toMatchObject({ status: 200, json: { status: "ready", checks: { database: "ok" } } });
    releaseCheck = new Error("connect ECONNREFUSED 10.0.0.5:5432");
    const failing = await ask("/readyz");
    expect(failing).toMatchObject({ status: 503, json: { status: "failing", checks: { database: "failing" } } });
    expect(failing.text).not.toContain("10.0.0.5");
    expect(lines.join("")).toContain("10.0.0.5");
    expect((await ask("/healthz")).status).toBe(200);
  });

  it("/metrics is for this machine, and not for what a proxy on it passes on", async () => {
    await start();
    const own = await ask("/metrics");
    expect(own.status).toBe(200);
    expect(own.text).toContain("kontor_http_request_seconds");
    expect((await ask("/metrics", { headers: { "x-forwarded-for": "203.0.113.9" } })).status).toBe(404);
  });

  it("/metrics asks for its token where one is set", async () => {
    await start({ metricsToken: "a token for prometheus" });
    expect((await ask("/metrics")).status).toBe(404);
    expect((await ask("/metrics", { headers: as("a token for prometheut") })).status).toBe(404);
    const given = { ...as("a token for prometheus"), "x-forwarded-for": "203.0.113.9" };
    expect((await ask("/metrics", { headers: given })).status).toBe(200);
  });
});

describe("draining", () => {
  it("lets a running request end, says so to who asks, then closes at once", async () => {
    const { http, port } = await start();
    const slow = raw(port, "GET /api/slow HTTP/1.1\r\nhost: x\r\n\r\n");
    await expect.poll(() => release.length).toBe(1);
    const probe = raw(port, "GET /readyz HTTP/1.1\r\nhost: x\r\n");
    await expect.poll(() => connections(http)).toBe(2);
    let isDrained = false;
    const drained = http.drain(600_000).then(() => (isDrained = true));
    probe.socket.write("\r\n");
    expect(await probe.answer).toMatch(/^HTTP\/1\.1 503 [^]*connection: close[^]*"status":"draining"/i);
    expect(isDrained).toBe(false);
    release[0]?.();
    expect(await slow.answer).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"ok":true\}/);
    await drained;
  });

  it("ends what does not end by itself", async () => {
    const { http, port } = await start();
    const slow = raw(port, "GET /api/slow HTTP/1.1\r\nhost: x\r\n\r\n");
    await expect.poll(() => release.length).toBe(1);
    await http.drain(10);
    expect(await slow.answer).toBe("");
  });
});

it("says which port is in use, and how to take another", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  try {
    await expect(start({ port })).rejects.toThrow(
      new DomainError(
        "unavailable",
        `Port ${port} is in use by another program. Stop that one, or choose another: --port ${port + 1}`,
        { reason: "port.inUse" },
      ),
    );
  } finally {
    other.close();
    await once(other, "close");
  }
});

it("refuses two endpoints at one address", async () => {
  const one = endpoints.find(({ path }) => path === "/people/:id") as Endpoint;
  await expect(start({ endpoints: [one, { ...one, path: "/people/:login" }] })).rejects.toThrow(
    "Two endpoints answer GET /people/:login.",
  );
});
