import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { PASSWORD, startPeopleServer, type Answer, type PeopleServer } from "./peopleServer.ts";

let server: PeopleServer;
beforeAll(async () => {
  server = await startPeopleServer();
});
afterAll(() => server.stop());

const reasonOf = ({ status, body }: Answer) => [status, body.reason];
const fieldOf = ({ status, body }: Answer) => {
  const [problem] = (body.problems ?? []) as { field: string; reason: string }[];
  return [status, problem?.field, problem?.reason];
};
interface Row {
  readonly id: string;
  readonly login: string;
  readonly name: string;
}
const list = async (query: Record<string, string | number>) => {
  const { body } = await server.manage("GET", `/people?${new URLSearchParams(query as Record<string, string>)}`);
  return body as unknown as { people: Row[]; total: number; next?: string };
};
const made = async (path: string, body: object) => {
  const answer = await server.manage("POST", path, body);
  expect(answer.status).toBe(201);
  return answer.body.id as string;
};

it("is for administrators, all of it", async () => {
  const { login } = await server.addPerson();
  const token = await server.tokenOf(login);
  for (const [method, path] of [
    ["GET", "/admin/people"],
    ["POST", "/admin/people"],
    ["PATCH", `/admin/people/${server.root}`],
    ["GET", "/admin/structure"],
    ["GET", "/admin/sessions"],
    ["POST", `/admin/devices/${newId()}/revoke`],
  ] as const)
    expect([path, ...reasonOf(await server.ask(method, path, { token }))]).toEqual([path, 403, "access.system"]);
});

describe("the list of people", () => {
  it("takes % and _ and \\ as what they are, and looks in name, login and address", async () => {
    await server.addPerson({ login: "percent", name: "100% Müller_x" });
    await server.addPerson({ login: "mueller", name: "Müller", email: "odd_one@example.org" });
    await server.addPerson({ login: "slash", name: String.raw`Back\slash` });
    const found = async (search: string) => (await list({ search })).people.map(({ login }) => login);
    expect(await found("%")).toEqual(["percent"]);
    expect(await found("0% m")).toEqual(["percent"]);
    expect(await found("r_x")).toEqual(["percent"]);
    expect(await found("D_one@")).toEqual(["mueller"]);
    expect(await found("\\")).toEqual(["slash"]);
    expect(await found("MÜLLER")).toEqual(["percent", "mueller"]);
    expect(await found("'; drop table app_user; --")).toEqual([]);
  });

  it("pages through equal and very long names without losing or repeating anybody", async () => {
    const department = await made("/departments", { nameEn: "Pages", nameRu: "Страницы" });
    const wide = "名".repeat(200); // three bytes a letter: the longest cursor there is
    const names = ["Same", "Same", "Same", "Same", "Same", wide, wide, wide, '"'.repeat(200), '"'.repeat(200)];
    for (const name of names) await server.addPerson({ name, departmentId: department });
    const seen: Row[] = [];
    let after: string | undefined;
    do {
      const page = await list({ departmentId: department, limit: 2, ...(after === undefined ? {} : { after }) });
      expect(page.total).toBe(names.length);
      seen.push(...page.people);
      after = page.next;
    } while (after !== undefined);
    expect(seen).toHaveLength(names.length);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(names.length);
  });

  it("filters by department and state", async () => {
    const department = await made("/departments", { nameEn: "Filter", nameRu: "Фильтр" });
    const on = await server.addPerson({ departmentId: department });
    const off = await server.addPerson({ departmentId: department });
    await server.manage("PATCH", `/people/${off.id}`, { state: "disabled" });
    const logins = async (query: object) =>
      (await list({ departmentId: department, ...query })).people.map(({ login }) => login);
    expect(await logins({ state: "active" })).toEqual([on.login]);
    expect(await logins({ state: "disabled" })).toEqual([off.login]);
  });

  it.each([
    ["no cursor at all", "x"],
    ["of another shape", Buffer.from('{"name":"a"}').toString("base64url")],
    ["with an id that is none", Buffer.from('["a","1 or 1=1"]').toString("base64url")],
    ["with a name that is none", Buffer.from(`[{"a":1},"${newId()}"]`).toString("base64url")],
  ])("refuses a cursor that it did not give: %s", async (_what, after) => {
    expect(fieldOf(await server.manage("GET", `/people?after=${after}`))).toEqual([422, "after", "cursor.invalid"]);
  });

  it("bounds a page, and refuses what is no number", async () => {
    expect(fieldOf(await server.manage("GET", "/people?limit=501"))).toEqual([422, "limit", "input.too_big"]);
    expect(fieldOf(await server.manage("GET", "/people?limit=many"))).toEqual([422, "limit", "input.invalid_type"]);
    expect(fieldOf(await server.manage("GET", "/people?search=a&search=b"))).toEqual([
      422,
      "search",
      "input.invalid_type",
    ]);
    expect(reasonOf(await server.manage("GET", "/people?search=%00"))).toEqual([422, "text.unstorable"]);
  });
});

describe("a person", () => {
  it("is added, changed, and keeps what was not named", async () => {
    const id = await made("/people", { login: " New.Person ", name: " New ", email: "n@example.org", phone: "1" });
    expect((await server.manage("PATCH", `/people/${id}`, { phone: null, locale: "ru" })).status).toBe(204);
    const [row] = (await list({ search: "new.person" })).people;
    expect(row).toMatchObject({
      id,
      login: "new.person",
      name: "New",
      email: "n@example.org",
      phone: null,
      locale: "ru",
      state: "active",
      hasPassword: false,
      lastSeenAt: null,
    });
  });

  it("takes nothing that the form does not know, and no prototype", async () => {
    const answer = await server.ask("POST", "/admin/people", {
      token: server.rootToken,
      body: JSON.parse(
        '{"login":"polluted","name":"x","isAdmin":true,"__proto__":{"groupIds":["evil"]},"constructor":{"prototype":{"x":1}}}',
      ) as object,
    });
    expect(answer.status).toBe(201);
    expect(({} as { x?: unknown }).x).toBeUndefined();
    expect((await list({ search: "polluted" })).people).toMatchObject([{ groupIds: [] }]);
  });

  it.each([
    ["a name that is taken, in another case", { login: "ROOT" }, "login", "login.taken"],
    ["a space in it", { login: "two words" }, "login", "input.invalid_format"],
    ["an invisible letter", { login: "ro\u200bot" }, "login", "input.invalid_format"],
    ["nothing", { login: "  " }, "login", "input.too_small"],
    ["no name", { name: "" }, "name", "input.too_small"],
    ["an address that is none", { email: "nobody" }, "email", "input.invalid_format"],
    ["a language that is none", { locale: "de" }, "locale", "input.invalid_value"],
    ["a short password", { password: "short" }, "password", "password.tooShort"],
    ["an unknown department", { departmentId: newId() }, "departmentId", "department.unknown"],
    ["an unknown position", { positionId: newId() }, "positionId", "position.unknown"],
    ["an unknown manager", { managerId: newId() }, "managerId", "person.unknown"],
    ["an unknown group", { groupIds: [newId()] }, "groupIds", "group.unknown"],
    ["an id that is none", { managerId: "1" }, "managerId", "input.invalid_format"],
  ])("is refused with the field: %s", async (_what, wrong, field, reason) => {
    const body = { login: `valid-${newId()}`, name: "Valid", ...wrong };
    expect(fieldOf(await server.manage("POST", "/people", body))).toEqual([422, field, reason]);
    const { id } = await server.addPerson();
    expect(fieldOf(await server.manage("PATCH", `/people/${id}`, wrong))).toEqual([422, field, reason]);
  });

  it("who does not exist is not changed", async () => {
    expect(reasonOf(await server.manage("PATCH", `/people/${newId()}`, { name: "x" }))).toEqual([
      404,
      "person.unknown",
    ]);
  });

  it("is not their own manager, over however many steps, also when two changes make the circle together", async () => {
    const chief = await server.addPerson();
    let last = chief;
    for (let step = 0; step < 120; step++) last = await server.addPerson({ managerId: last.id });
    const cycle = [422, "managerId", "person.managerCycle"];
    expect(fieldOf(await server.manage("PATCH", `/people/${chief.id}`, { managerId: last.id }))).toEqual(cycle);
    expect(fieldOf(await server.manage("PATCH", `/people/${chief.id}`, { managerId: chief.id }))).toEqual(cycle);

    const [a, b] = [await server.addPerson(), await server.addPerson()];
    const answers = await Promise.all([
      server.manage("PATCH", `/people/${a.id}`, { managerId: b.id }),
      server.manage("PATCH", `/people/${b.id}`, { managerId: a.id }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 422]);
  });

  it("is one of two who changed groups at the same time, and both changes are made", async () => {
    const group = await made("/groups", { key: "at-once", nameEn: "At once", nameRu: "Сразу" });
    const people = await Promise.all(Array.from({ length: 6 }, () => server.addPerson()));
    const answers = await Promise.all(
      people.map(({ id }) => server.manage("PATCH", `/people/${id}`, { groupIds: [group, group] })),
    );
    expect(answers.map(({ status }) => status)).toEqual(people.map(() => 204));
    const { groups } = (await server.manage("GET", "/structure")).body as {
      groups: { id: string; people: number }[];
    };
    expect(groups.find(({ id }) => id === group)?.people).toBe(people.length);
  });

  it("[VIS-6] who is switched off is out at once, with sockets and tokens too", async () => {
    const { id, login } = await server.addPerson();
    const session = await server.tokenOf(login);
    const { token } = await server.sessions.createToken(id, { name: "t", scopes: ["read"] });
    await server.manage("PATCH", `/people/${id}`, { state: "disabled" });
    for (const used of [session, token]) expect((await server.ask("GET", "/me", { token: used })).status).toBe(401);
    const ended = server.ended.filter((event) => event.userId === id);
    expect(ended.map(({ why }) => why)).toEqual(["disabled", "disabled"]);
    expect(ended.at(-1)).toEqual({ userId: id, why: "disabled" }); // without a session: whatever they have open
  });

  it("[VIS-6] has no new password while what the old one opened cannot be ended", async () => {
    const { id, login } = await server.addPerson();
    const token = await server.tokenOf(login);
    await server.pool.query(
      `create function stays() returns trigger language plpgsql as $$ begin raise 'it stays'; end $$`,
    );
    await server.pool.query("create trigger stays before delete on session execute function stays()");
    try {
      const body = { current: PASSWORD, next: "set by oneself" };
      const changes = [
        await server.manage("PATCH", `/people/${id}`, { password: "set by somebody else" }),
        await server.manage("PATCH", `/people/${id}`, { state: "disabled" }),
        await server.ask("PUT", "/me/password", { token, body }),
      ];
      expect(changes.map(({ status }) => status)).toEqual([500, 500, 500]);
    } finally {
      await server.pool.query("drop function stays() cascade");
    }
    for (const next of ["set by somebody else", "set by oneself"])
      expect((await server.signIn(login, next)).status).toBe(401);
    expect((await server.signIn(login)).status).toBe(200);
  });

  it("whose password an administrator sets is signed out everywhere", async () => {
    const { id, login } = await server.addPerson();
    const token = await server.tokenOf(login);
    await server.manage("PATCH", `/people/${id}`, { password: "set by somebody else" });
    expect((await server.ask("GET", "/me", { token })).status).toBe(401);
    expect((await server.signIn(login, "set by somebody else")).status).toBe(200);
  });
});

describe("[POL-9] the last administrator", () => {
  it("is neither switched off nor taken out of the group, but may be renamed", async () => {
    for (const change of [{ state: "disabled" }, { groupIds: [] }])
      expect(reasonOf(await server.manage("PATCH", `/people/${server.root}`, change))).toEqual([
        409,
        "administrators.last",
      ]);
    expect((await server.manage("PATCH", `/people/${server.root}`, { name: "Root 2" })).status).toBe(204);
    // Somebody who cannot sign in does not count.
    const { id } = await server.people.create({ login: "pale", name: "Pale", groupIds: [server.administrators] });
    expect(reasonOf(await server.manage("PATCH", `/people/${server.root}`, { groupIds: [] }))).toEqual([
      409,
      "administrators.last",
    ]);
    await server.manage("PATCH", `/people/${id}`, { groupIds: [] });
    expect(reasonOf(await server.manage("DELETE", `/groups/${server.administrators}`))).toEqual([404, "group.unknown"]);
  });

  it("keeps what policies ask of administrators: nobody moves the last one out of it", async () => {
    const [home, elsewhere] = [
      await server.people.createDepartment({ nameEn: "Home", nameRu: "Дом" }),
      await server.people.createDepartment({ nameEn: "Elsewhere", nameRu: "Не дома" }),
    ];
    expect((await server.manage("PATCH", `/people/${server.root}`, { departmentId: home.id })).status).toBe(204);
    await server.publish([
      {
        id: "administer-at-home",
        title: "Administrators belong to one department",
        effect: "deny",
        resource: "system",
        actions: ["administer"],
        when: { ne: ["sub.department", home.id] },
      },
    ]);
    const away = await server.manage("PATCH", `/people/${server.root}`, { departmentId: elsewhere.id });
    expect(reasonOf(away)).toEqual([409, "administrators.last"]);
    await server.publish([]);
    expect((await server.manage("PATCH", `/people/${server.root}`, { departmentId: elsewhere.id })).status).toBe(204);
  });

  it("is somebody who can sign in: policies that leave only others are not published", async () => {
    const pale = await server.people.create({ login: "paler", name: "Paler", groupIds: [server.administrators] });
    const onlyPale = {
      id: "only-pale",
      title: "Nobody but one who has no password administers",
      effect: "deny" as const,
      resource: "system",
      actions: ["administer"],
      when: { ne: ["sub.id", pale.id] as const },
    };
    await expect(server.publish([onlyPale])).rejects.toMatchObject({ details: { reason: "access.lockOut" } });
    await server.people.change(pale.id, { groupIds: [] });
  });

  it("stays when two go at the same time", async () => {
    const other = await server.addPerson({ groupIds: [server.administrators] });
    const answers = await Promise.all([
      server.manage("PATCH", `/people/${server.root}`, { groupIds: [] }),
      server.manage("PATCH", `/people/${other.id}`, { state: "disabled" }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    await server.people.change(server.root, { groupIds: [server.administrators], state: "active" });
    await server.people.change(other.id, { groupIds: [] });
  });
});

describe("the structure", () => {
  it("keeps departments a tree, and removes only empty ones", async () => {
    const name = { nameEn: "D", nameRu: "О" };
    const top = await made("/departments", { ...name, code: "TOP" });
    const low = await made("/departments", { ...name, parentId: top });
    expect(fieldOf(await server.manage("PATCH", `/departments/${top}`, { parentId: low }))).toEqual([
      422,
      "parentId",
      "department.cycle",
    ]);
    expect(fieldOf(await server.manage("POST", "/departments", { ...name, code: "TOP" }))).toEqual([
      422,
      "code",
      "code.taken",
    ]);
    expect(fieldOf(await server.manage("POST", "/departments", { ...name, parentId: newId() }))).toEqual([
      422,
      "parentId",
      "department.unknown",
    ]);
    const { id } = await server.addPerson({ departmentId: top });
    expect((await server.manage("DELETE", `/departments/${top}`)).body).toMatchObject({
      status: 409,
      reason: "department.notEmpty",
      params: { people: 1, departments: 1 },
    });
    await server.manage("PATCH", `/people/${id}`, { departmentId: null });
    await server.manage("PATCH", `/departments/${low}`, { parentId: null, nameEn: "Low" });
    expect((await server.manage("DELETE", `/departments/${top}`)).status).toBe(204);
    expect((await server.manage("DELETE", `/departments/${top}`)).status).toBe(404);
    const { departments } = (await server.manage("GET", "/structure")).body as { departments: Row[] };
    expect(departments.find((row) => row.id === low)).toMatchObject({ nameEn: "Low", parentId: null });
  });

  it("keeps a department to which something of another feature belongs", async () => {
    const id = await made("/departments", { nameEn: "D", nameRu: "О" });
    await server.pool.query(
      "insert into mailbox (id, kind, department_id, name, address) values (gen_random_uuid(), 'shared', $1, 'D', 'd@kontor.example')",
      [id],
    );
    expect(reasonOf(await server.manage("DELETE", `/departments/${id}`))).toEqual([409, "department.inUse"]);
    await server.pool.query("delete from mailbox where department_id = $1", [id]);
    expect((await server.manage("DELETE", `/departments/${id}`)).status).toBe(204);
  });

  it("has groups and positions with keys of their own", async () => {
    for (const path of ["/groups", "/positions"]) {
      await made(path, { key: "clerks", nameEn: "Clerks", nameRu: "Клерки" });
      const again = await server.manage("POST", path, { key: "clerks", nameEn: "C", nameRu: "К" });
      expect(fieldOf(again)).toEqual([422, "key", "key.taken"]);
      const odd = await server.manage("POST", path, { key: "Clerks!", nameEn: "C", nameRu: "К" });
      expect(fieldOf(odd)).toEqual([422, "key", "input.invalid_format"]);
    }
  });

  it("a group that goes takes its members out, and says so of each", async () => {
    const group = await made("/groups", { key: "short-lived", nameEn: "S", nameRu: "К" });
    const { id, login } = await server.addPerson({ groupIds: [group] });
    await server.pool.query("delete from change_log");
    expect((await server.manage("DELETE", `/groups/${group}`)).status).toBe(204);
    expect((await list({ search: login })).people).toMatchObject([{ groupIds: [] }]);
    const { rows } = await server.pool.query("select collection, row_id from change_log order by id");
    expect(rows).toEqual([
      { collection: "groups", row_id: group },
      { collection: "people", row_id: id },
    ]);
  });
});

describe("sessions and devices", () => {
  const device = { name: "Laptop", platform: "linux" };
  const signInWithDevice = async (login: string) =>
    (await server.signIn(login, PASSWORD, { device } as object)).body as { token: string; deviceId: string };

  it("are shown with their owner, and end one by one", async () => {
    const { id, login } = await server.addPerson();
    const { token, deviceId } = await signInWithDevice(login);
    const rows = (await server.manage("GET", `/sessions?userId=${id}`)).body as unknown as { id: string }[];
    expect(rows).toMatchObject([{ userId: id, userName: login, channel: "desktop", deviceId, deviceName: "Laptop" }]);
    expect(JSON.stringify(rows)).not.toContain("token");
    const end = () => server.manage("DELETE", `/sessions/${rows[0]?.id}`);
    expect((await end()).status).toBe(204);
    expect(reasonOf(await end())).toEqual([404, "session.unknown"]);
    expect((await server.ask("GET", "/me", { token })).status).toBe(401);
    expect(server.ended.at(-1)).toEqual({ userId: id, sessionId: rows[0]?.id, deviceId, why: "signedOut" });
  });

  it("that ran out are neither shown nor kept for ever", async () => {
    const { id, login } = await server.addPerson();
    const token = await server.tokenOf(login);
    await server.pool.query("update session set expires_at = now() - interval '1 minute' where user_id = $1", [id]);
    expect((await server.ask("GET", "/me", { token })).status).toBe(401);
    expect((await server.manage("GET", `/sessions?userId=${id}`)).body).toEqual([]);
    await server.tokenOf(login);
    const { rows } = await server.pool.query("select count(*)::int as n from session where user_id = $1", [id]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it("a device that is revoked is out, and comes back only as another one", async () => {
    const { id, login } = await server.addPerson();
    const { token, deviceId } = await signInWithDevice(login);
    expect((await server.manage("POST", `/devices/${deviceId}/revoke`)).status).toBe(204);
    expect((await server.ask("GET", "/me", { token })).status).toBe(401);
    expect(server.ended.at(-1)).toEqual({ userId: id, deviceId, why: "deviceRevoked" });
    const again = await server.signIn(login, PASSWORD, { device: { ...device, id: deviceId } } as object);
    expect(again.body.deviceId).not.toBe(deviceId);
    const devices = (await server.manage("GET", `/devices?userId=${id}`)).body as unknown as { revokedAt: unknown }[];
    expect(devices.map(({ revokedAt }) => revokedAt === null).sort()).toEqual([false, true]);
    expect(reasonOf(await server.manage("POST", `/devices/${newId()}/revoke`))).toEqual([404, "device.unknown"]);
  });

  it("may be revoked while somebody signs in on it, and neither waits for the other for ever", async () => {
    const { id, login } = await server.addPerson();
    const device = { name: "Laptop", platform: "linux" };
    const { deviceId } = (await server.signIn(login, undefined, { device })).body;
    await server.pool.query("update session set expires_at = '2026-01-01' where user_id = $1", [id]);
    const other = await server.pool.connect();
    try {
      await other.query("begin");
      await other.query("update device set revoked_at = now() where id = $1", [deviceId]);
      const signingIn = server.signIn(login, undefined, { device: { ...device, id: deviceId } });
      await server.someoneWaits();
      await other.query("delete from session where device_id = $1", [deviceId]);
      await other.query("commit");
      const again = await signingIn;
      expect(again.status).toBe(200);
      expect(again.body.deviceId).not.toBe(deviceId);
    } finally {
      other.release();
    }
  });

  it("of somebody else does not become one's own by naming it", async () => {
    const [owner, thief] = [await server.addPerson(), await server.addPerson()];
    const { deviceId } = await signInWithDevice(owner.login);
    const stolen = await server.signIn(thief.login, PASSWORD, { device: { ...device, id: deviceId } } as object);
    expect(stolen.body.deviceId).not.toBe(deviceId);
  });

  it("all end when an administrator says so", async () => {
    const { id, login } = await server.addPerson();
    const tokens = [await server.tokenOf(login), await server.tokenOf(login)];
    expect((await server.manage("POST", `/people/${id}/sign-out`)).body).toEqual({ ended: 2 });
    for (const token of tokens) expect((await server.ask("GET", "/me", { token })).status).toBe(401);
  });
});

it("an administrator withdraws a token that somebody else made", async () => {
  const { id } = await server.addPerson();
  const { id: tokenId, token } = await server.sessions.createToken(id, { name: "left behind", scopes: ["read"] });
  const listed = (await server.manage("GET", `/people/${id}/tokens`)).body;
  expect(listed).toMatchObject([{ id: tokenId, name: "left behind", scopes: ["read"], lastUsedAt: null }]);
  expect(JSON.stringify(listed)).not.toContain(token.slice(3));
  expect((await server.manage("DELETE", `/tokens/${tokenId}`)).status).toBe(204);
  expect((await server.ask("GET", "/me", { token })).status).toBe(401);
  expect(reasonOf(await server.manage("DELETE", `/tokens/${tokenId}`))).toEqual([404, "token.unknown"]);
});
