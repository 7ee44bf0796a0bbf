import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { loadSubject, pagePeople, peopleCollections } from "#people";
import { PASSWORD, startPeopleServer, type Answer, type PeopleServer } from "./peopleServer.ts";

let server: PeopleServer;
beforeAll(async () => {
  server = await startPeopleServer();
});
afterAll(() => server.stop());

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const reasonOf = ({ status, body }: Answer) => [status, body.reason];
const fieldOf = ({ status, body }: Answer) => {
  const [problem] = (body.problems ?? []) as { field: string; reason: string }[];
  return [status, problem?.field, problem?.reason];
};
interface Service {
  readonly id: string;
  readonly key: string;
  readonly state: string;
  readonly groupIds: readonly string[];
  readonly attributes: object;
  readonly lastUsedAt: string | null;
  readonly tokens: readonly { id: string; name: string; state: string; lastUsedAt: string | null; scopes: string[] }[];
}
let made = 0;
async function addService(more: object = {}) {
  const key = `service-${++made}`;
  const answer = await server.manage("POST", "/services", { key, name: `Service ${made}`, ...more });
  expect(reasonOf(answer)).toEqual([201, undefined]);
  return { id: answer.body.id as string, key };
}
async function addToken(id: string, more: object = {}) {
  const body = { name: "first", scopes: ["admin", "read"], expiresAt: inDays(100), ...more };
  const answer = await server.manage("POST", `/services/${id}/tokens`, body);
  expect(reasonOf(answer)).toEqual([201, undefined]);
  return answer.body as unknown as { id: string; token: string };
}
const find = async (id: string) => {
  const { body } = await server.manage("GET", "/services");
  return (body as unknown as readonly Service[]).find((service) => service.id === id) as Service;
};
/** 403 for want of a right: the token itself was taken. */
const isTaken = async (token: string) => {
  const { status } = await server.ask("GET", "/admin/people", { token });
  return status === 403;
};
const audited = async (id: string) => {
  const { rows } = await server.pool.query(
    "select action, login, details from audit_entry where object_kind = 'service' and object_id = $1 order by txid",
    [id],
  );
  return rows as { action: string; login: string; details: object }[];
};

it("is for administrators, all of it", async () => {
  const { login } = await server.addPerson();
  const token = await server.tokenOf(login);
  for (const [method, path] of [
    ["GET", "/admin/services"],
    ["POST", "/admin/services"],
    ["PATCH", `/admin/services/${newId()}`],
    ["POST", `/admin/services/${newId()}/tokens`],
    ["DELETE", `/admin/services/tokens/${newId()}`],
    ["GET", "/admin/subject-attributes"],
  ] as const)
    expect([path, ...reasonOf(await server.ask(method, path, { token }))]).toEqual([path, 403, "access.system"]);
});

describe("a service", () => {
  it("has groups and attributes, and policies see it under a name that no person can have", async () => {
    const group = await server.people.createGroup({ key: "machines", nameEn: "Machines", nameRu: "Машины" });
    const { id, key } = await addService({ groupIds: [group.id], attributes: { clearance: 2 } });
    expect(await find(id)).toMatchObject({ key, groupIds: [group.id], attributes: { clearance: 2 }, state: "active" });
    const subject = await loadSubject(server.db, id);
    expect(subject).toMatchObject({
      id,
      login: `service:${key}`,
      groups: ["machines"],
      attributes: { clearance: 2 },
      isAdmin: false,
      department: null,
    });
    const taken = await server.manage("POST", "/people", { login: `Service:${key}`, name: "Not a service" });
    expect(fieldOf(taken)).toEqual([422, "login", "login.service"]);
    await server.people.removeGroup(group.id);
    expect((await find(id)).groupIds).toEqual([]);
  });

  it("is refused where its key is taken or is none, its group or attribute is unknown, or it would administer", async () => {
    const { key } = await addService();
    const add = (more: object) => server.manage("POST", "/services", { key: "another", name: "Another", ...more });
    expect(fieldOf(await add({ key }))).toEqual([422, "key", "key.taken"]);
    expect(fieldOf(await add({ key: "Big Machine" }))).toEqual([422, "key", "input.invalid_format"]);
    expect(fieldOf(await add({ groupIds: [newId()] }))).toEqual([422, "groupIds", "group.unknown"]);
    expect(fieldOf(await add({ attributes: { rank: 1 } }))).toEqual([422, "attributes.rank", "attribute.unknown"]);
    expect(fieldOf(await add({ groupIds: [server.administrators] }))).toEqual([
      422,
      "groupIds",
      "service.administrator",
    ]);
  });

  it("cannot become an administrator later either, and nothing of the change is kept", async () => {
    const { id } = await addService();
    const refused = await server.manage("PATCH", `/services/${id}`, {
      name: "Root",
      groupIds: [server.administrators],
    });
    expect(fieldOf(refused)).toEqual([422, "groupIds", "service.administrator"]);
    expect(await find(id)).toMatchObject({ groupIds: [] });
    expect(await find(id)).not.toMatchObject({ name: "Root" });
  });

  it("has no account of its own: no profile, no sessions, no tokens that it makes itself, no password", async () => {
    const { id, key } = await addService();
    const { token } = await addToken(id, { scopes: ["read", "write", "admin", "evaluate"] });
    for (const [method, path] of [
      ["GET", "/me"],
      ["GET", "/me/sessions"],
      ["GET", "/me/tokens"],
      ["POST", "/me/tokens"],
      ["PUT", "/me/password"],
      ["POST", "/sign-out"],
    ] as const)
      expect([
        path,
        ...reasonOf(await server.ask(method, path, { token, body: method === "GET" ? undefined : {} })),
      ]).toEqual([path, 403, "service.noAccount"]);
    for (const login of [key, `service:${key}`])
      expect(reasonOf(await server.signIn(login, PASSWORD))).toEqual([401, "signIn.refused"]);
  });

  it("switched off is refused with its very next request, and is let in again when switched on", async () => {
    const { id } = await addService();
    const { token } = await addToken(id);
    expect(await isTaken(token)).toBe(true);
    await server.manage("PATCH", `/services/${id}`, { state: "disabled" });
    expect(reasonOf(await server.ask("GET", "/admin/people", { token }))).toEqual([401, "signIn.expired"]);
    expect(await loadSubject(server.db, id)).toBeUndefined();
    await server.manage("PATCH", `/services/${id}`, { state: "active" });
    expect(await isTaken(token)).toBe(true);
  });

  it("that is unknown is not changed and gets no token", async () => {
    expect(reasonOf(await server.manage("PATCH", `/services/${newId()}`, { name: "X" }))).toEqual([
      404,
      "service.unknown",
    ]);
    const body = { name: "x", scopes: ["read"], expiresAt: inDays(1) };
    expect(reasonOf(await server.manage("POST", `/services/${newId()}/tokens`, body))).toEqual([
      404,
      "service.unknown",
    ]);
    expect(reasonOf(await server.manage("POST", `/services/${server.root}/tokens`, body))).toEqual([
      404,
      "service.unknown",
    ]);
  });
});

describe("a service's token", () => {
  it("is shown once, and only its hash is kept", async () => {
    const { id } = await addService();
    const { token } = await addToken(id);
    expect(token).toMatch(/^kv_[\w-]{43}$/);
    expect(JSON.stringify((await server.manage("GET", "/services")).body)).not.toContain(token);
    const { rows } = await server.pool.query("select service_token::text as row from service_token");
    expect(JSON.stringify(rows)).not.toContain(token.slice(3));
    expect(server.log()).not.toContain(token);
  });

  it("always ends, within two years", async () => {
    const { id } = await addService();
    const add = (expiresAt: unknown) =>
      server.manage("POST", `/services/${id}/tokens`, { name: "x", scopes: ["read"], expiresAt });
    expect(fieldOf(await add(undefined))).toEqual([422, "expiresAt", "input.invalid_type"]);
    expect(fieldOf(await add(null))).toEqual([422, "expiresAt", "input.invalid_type"]);
    expect(fieldOf(await add(inDays(-1)))).toEqual([422, "expiresAt", "token.past"]);
    expect(fieldOf(await add(inDays(732)))).toEqual([422, "expiresAt", "token.tooLong"]);
    expect((await add(inDays(730))).status).toBe(201);
  });

  it("is not taken after its end, and an administrator is warned before it", async () => {
    const { id } = await addService();
    const { token, id: tokenId } = await addToken(id, { expiresAt: inDays(29) });
    expect((await find(id)).tokens).toMatchObject([{ state: "endsSoon" }]);
    await server.pool.query("update service_token set expires_at = now() where id = $1", [tokenId]);
    expect(reasonOf(await server.ask("GET", "/admin/people", { token }))).toEqual([401, "signIn.expired"]);
    expect((await find(id)).tokens).toMatchObject([{ state: "ended" }]);
    await addToken(id, { name: "second", expiresAt: inDays(31) });
    expect((await find(id)).tokens).toMatchObject([{ name: "second", state: "valid" }, { state: "ended" }]);
  });

  it("is exchanged without a gap: two are taken, and the old one is withdrawn", async () => {
    const { id } = await addService();
    const [old, next] = [await addToken(id), await addToken(id, { name: "next" })];
    expect([await isTaken(old.token), await isTaken(next.token)]).toEqual([true, true]);
    expect((await find(id)).lastUsedAt).not.toBeNull();
    expect((await server.manage("DELETE", `/services/tokens/${old.id}`)).status).toBe(204);
    expect([await isTaken(old.token), await isTaken(next.token)]).toEqual([false, true]);
    expect(reasonOf(await server.manage("DELETE", `/services/tokens/${old.id}`))).toEqual([404, "token.unknown"]);
  });

  it("opens only what its scopes name", async () => {
    const { id } = await addService();
    const { token } = await addToken(id, { scopes: ["evaluate"] });
    expect(reasonOf(await server.ask("GET", "/admin/people", { token }))).toEqual([403, "token.scope"]);
  });

  it("with every scope administers nothing", async () => {
    const { id } = await addService();
    const { token } = await addToken(id, { scopes: ["read", "write", "admin", "evaluate"] });
    expect(reasonOf(await server.ask("GET", "/admin/people", { token }))).toEqual([403, "access.system"]);
  });

  it("is one of at most twenty", async () => {
    const { id } = await addService();
    for (let at = 0; at < 20; at++) await addToken(id, { name: `n${at}` });
    const body = { name: "more", scopes: ["read"], expiresAt: inDays(1) };
    expect(reasonOf(await server.manage("POST", `/services/${id}/tokens`, body))).toEqual([409, "service.tokens"]);
  });
});

it("[POL-12] whoever changes a service is in the audit log, and no secret is", async () => {
  const { id } = await addService({ contact: "ops@example.org" });
  const { token, id: tokenId } = await addToken(id);
  await server.manage("PATCH", `/services/${id}`, { name: "Renamed", attributes: { clearance: 1 } });
  await server.manage("PATCH", `/services/${id}`, { state: "disabled" });
  await server.manage("PATCH", `/services/${id}`, { state: "active" });
  await server.manage("DELETE", `/services/tokens/${tokenId}`);
  const entries = await audited(id);
  expect(entries.map(({ action }) => action)).toEqual([
    "service.created",
    "service.tokenCreated",
    "service.changed",
    "service.disabled",
    "service.enabled",
    "service.tokenWithdrawn",
  ]);
  expect(new Set(entries.map(({ login }) => login))).toEqual(new Set(["root"]));
  expect(entries[2]?.details).toEqual({ fields: ["name", "attributes"] });
  expect(JSON.stringify(entries)).not.toContain(token);
});

it("[VIS-2] a service is a person nowhere: no list, no collection of the feed, no structure, no search, no sign-in", async () => {
  const group = await server.people.createGroup({ key: "robots", nameEn: "Robots", nameRu: "Роботы" });
  const { id, key } = await addService({ groupIds: [group.id] });
  const { token } = await addToken(id);
  await isTaken(token);
  const people = peopleCollections.find(({ name }) => name === "people");
  const scanned = await people?.scan(server.db, undefined, 10_000);
  const seen = JSON.stringify([
    (await server.manage("GET", "/people?limit=500")).body,
    (await server.manage("GET", `/people?search=${key}`)).body,
    (await server.manage("GET", "/sessions")).body,
    (await server.manage("GET", "/devices")).body,
    scanned,
    await people?.byIds(server.db, [id]),
    await pagePeople(server.db, undefined, 10_000),
  ]);
  expect(seen).toContain(server.root);
  expect(seen).not.toContain(id);
  expect(seen).not.toContain(key);
  const { groups } = (await server.manage("GET", "/structure")).body as unknown as {
    groups: { id: string; people: number }[];
  };
  expect(groups.find((one) => one.id === group.id)?.people).toBe(0);
  expect(reasonOf(await server.manage("PATCH", `/people/${id}`, { name: "X" }))).toEqual([404, "person.unknown"]);
  const { rows } = await server.pool.query("select 1 from app_user where id = $1", [id]);
  expect(rows).toEqual([]);
});
