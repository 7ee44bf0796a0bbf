import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { samplePng } from "../../src/adapters/pages/samples.ts";
import { Client } from "../files/serverProcess.ts";
import { openDesk, PASSWORD, startAuditServer, type AuditServer } from "./auditServer.ts";

const SECRETS = {
  name: "CANARY-NAME Smith",
  address: "CANARY-ADDRESS 12",
  account: "CANARY-ACCOUNT",
  salary: "31337.55",
  file: "CANARY-FILE.png",
  wrong: "CANARY-WRONG-PASSWORD",
  asName: "canary-password-as-name",
  next: "CANARY-NEXT-PASSWORD",
  person: "Canaria Personova",
  token: "CANARY-TOKEN-NAME",
} as const;

let office: AuditServer;
let record: string;
let file: string;
const tokens: string[] = [];

beforeAll(async () => {
  office = await startAuditServer();
  const made = await office.hr.json<{ id: string }>("POST", "/api/records", {
    type: "employee",
    fields: {
      fullName: SECRETS.name,
      department: office.departmentId,
      address: SECRETS.address,
      payAccount: SECRETS.account,
      salary: { amount: SECRETS.salary, currency: "EUR" },
    },
  });
  record = made.id;
  file = (await office.hr.upload(record, { name: SECRETS.file, body: await samplePng(), field: "papers" })).id;
}, 120_000);
afterAll(() => office.stop());

const signIn = (login: string, password: string) =>
  fetch(`${office.kontor.url}/api/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ login, password }),
  });
const person = (login: string) => ({ object_kind: "person", object_id: office.ids[login] });
const drain = async (path: string, client = office.hr) => void (await (await client.fetch(path)).arrayBuffer());

describe("[POL-12] sign-ins and sessions", () => {
  it("done, refused with a wrong password, and under a name that nobody has", async () => {
    const from = { channel: "api", ip: "127.0.0.1" };
    expect(await office.entriesOf(() => signIn("ivan", PASSWORD))).toMatchObject([
      { action: "people.signedIn", outcome: "done", login: "ivan", ...from },
    ]);
    expect(await office.entriesOf(() => signIn("ivan", SECRETS.wrong))).toMatchObject([
      { action: "people.signInRefused", outcome: "failed", login: "ivan", ...from },
    ]);
    expect(await office.entriesOf(() => signIn(SECRETS.asName, SECRETS.wrong))).toMatchObject([
      { action: "people.signInRefused", outcome: "failed", login: null, details: { unknownName: true }, ...from },
    ]);
  });

  it("locked after too many guesses; the guesses that are alike are counted and not listed", async () => {
    await office.people.create({ login: "guessed", name: "g", password: PASSWORD });
    const entries = await office.entriesOf(async () => {
      for (let guess = 0; guess < 9; guess++) await signIn("guessed", `${SECRETS.wrong} ${guess}`);
    });
    expect(entries).toMatchObject([
      { action: "people.signInRefused", outcome: "failed", login: "guessed" },
      { action: "people.signInThrottled", outcome: "denied", login: "guessed" },
    ]);
    const { rows } = await office.test.pool.query(
      "select entry ->> 'action' as action, count from audit_repeat order by 1",
    );
    expect(rows).toEqual([
      { action: "people.signInRefused", count: 5 },
      { action: "people.signInThrottled", count: 4 },
    ]);
  });

  it("signed out, ended by an administrator, everywhere, and a device taken away", async () => {
    const own = await Client.signIn(office.kontor.url, "ivan");
    expect(await office.entriesOf(() => own.json("POST", "/api/sign-out"))).toMatchObject([
      { action: "people.signedOut", login: "ivan", ...person("ivan") },
    ]);

    await Client.signIn(office.kontor.url, "ivan");
    const [session] = await office.root.json<{ id: string }[]>(
      "GET",
      `/api/admin/sessions?userId=${office.ids["ivan"]}`,
    );
    expect(
      await office.entriesOf(() => office.root.json("DELETE", `/api/admin/sessions/${session?.id}`)),
    ).toMatchObject([
      { action: "people.sessionEnded", login: "root", ...person("ivan"), details: { session: session?.id } },
    ]);

    const twice = await Client.signIn(office.kontor.url, "ivan");
    const everywhere = await office.entriesOf(() => twice.json("POST", "/api/sign-out-everywhere"));
    expect(everywhere).toMatchObject([
      { action: "people.sessionsEnded", login: "ivan", ...person("ivan"), details: { why: "signedOut" } },
    ]);
    expect(
      await office.entriesOf(() => office.root.json("POST", `/api/admin/people/${office.ids["ivan"]}/sign-out`)),
    ).toEqual([]);

    const device = { name: SECRETS.person, platform: "linux" };
    const desk = await fetch(`${office.kontor.url}/api/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ login: "ivan", password: PASSWORD, device }),
    });
    const { deviceId } = (await desk.json()) as { deviceId: string };
    expect(
      await office.entriesOf(() => office.root.json("POST", `/api/admin/devices/${deviceId}/revoke`)),
    ).toMatchObject([
      { action: "people.deviceRevoked", login: "root", ...person("ivan"), details: { device: deviceId } },
    ]);
    office.colleague = await Client.signIn(office.kontor.url, "ivan");
  });

  it("a password: refused without the old one, changed, and set by an administrator", async () => {
    await office.people.create({ login: "changer", name: "c", password: PASSWORD });
    const changer = await Client.signIn(office.kontor.url, "changer");
    const change = (current: string) => ({ current, next: SECRETS.next });
    expect(
      await office.entriesOf(() =>
        changer.fetch("/api/me/password", {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(change(SECRETS.wrong)),
        }),
      ),
    ).toMatchObject([{ action: "people.passwordRefused", outcome: "failed", login: "changer" }]);
    expect(await office.entriesOf(() => changer.json("PUT", "/api/me/password", change(PASSWORD)))).toMatchObject([
      { action: "people.passwordChanged", login: "changer" },
    ]);
  });

  it("tokens: made and withdrawn, by their owner and by an administrator", async () => {
    const made: string[] = [];
    const make = async () => {
      const { id, token } = await office.hr.json<{ id: string; token: string }>("POST", "/api/me/tokens", {
        name: SECRETS.token,
        scopes: ["read"],
      });
      made.push(id);
      tokens.push(token);
    };
    expect(await office.entriesOf(make)).toMatchObject([
      { action: "people.tokenMade", login: "hanna", ...person("hanna"), details: { scopes: ["read"] } },
    ]);
    await make();
    expect(await office.entriesOf(() => office.hr.json("DELETE", `/api/me/tokens/${made[0]}`))).toMatchObject([
      { action: "people.tokenWithdrawn", login: "hanna", details: { token: made[0] } },
    ]);
    expect(await office.entriesOf(() => office.root.json("DELETE", `/api/admin/tokens/${made[1]}`))).toMatchObject([
      { action: "people.tokenWithdrawn", login: "root", ...person("hanna"), details: { token: made[1] } },
    ]);
  });
});

describe("[POL-12] what administrators change", () => {
  it("people: which fields and which groups, and never what stands in them", async () => {
    const groups = await office.root.json<{ groups: { id: string; key: string }[] }>("GET", "/api/admin/structure");
    const groupIds = groups.groups.filter(({ key }) => key === "hr").map(({ id }) => id);
    let id = "";
    const created = await office.entriesOf(async () => {
      const body = { login: "new", name: SECRETS.person, password: SECRETS.next, groupIds };
      ({ id } = await office.root.json<{ id: string }>("POST", "/api/admin/people", body));
    });
    expect(created).toMatchObject([
      {
        action: "people.created",
        login: "root",
        object_id: id,
        details: { fields: ["login", "name", "groupIds", "password"], groupsAdded: ["hr"] },
      },
    ]);
    await Client.signIn(office.kontor.url, "new").catch(() => undefined);
    await signIn("new", SECRETS.next);
    const change = { state: "disabled", groupIds: [] };
    expect(await office.entriesOf(() => office.root.json("PATCH", `/api/admin/people/${id}`, change))).toMatchObject([
      { action: "people.changed", object_id: id, details: { state: "disabled", groupsRemoved: ["hr"] } },
      { action: "people.sessionsEnded", login: "root", object_id: id, details: { why: "disabled", sessions: 1 } },
    ]);
  });

  it("departments, groups and positions", async () => {
    const names = { nameEn: SECRETS.person, nameRu: SECRETS.person };
    const ids: string[] = [];
    const make = async (path: string, body: object) =>
      ids.push((await office.root.json<{ id: string }>("POST", `/api/admin/${path}`, body)).id);
    const entries = await office.entriesOf(async () => {
      await make("departments", names);
      await office.root.json("PATCH", `/api/admin/departments/${ids[0]}`, { nameEn: "Other" });
      await office.root.json("DELETE", `/api/admin/departments/${ids[0]}`);
      await make("groups", { ...names, key: "temps" });
      await office.root.json("DELETE", `/api/admin/groups/${ids[1]}`);
      await make("positions", { ...names, key: "temp" });
    });
    expect(entries.map(({ action, object_id }) => [action, object_id])).toEqual([
      ["people.departmentCreated", ids[0]],
      ["people.departmentChanged", ids[0]],
      ["people.departmentRemoved", ids[0]],
      ["people.groupCreated", ids[1]],
      ["people.groupRemoved", ids[1]],
      ["people.positionCreated", ids[2]],
    ]);
  });

  it("nothing of a change that was refused", async () => {
    const last = () =>
      office.root.fetch(`/api/admin/people/${office.ids["root"]}`, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ groupIds: [] }),
      });
    expect(await office.entriesOf(last)).toEqual([]);
  });
});

describe("[POL-12] denials", () => {
  it("of what only administrators and auditors may", async () => {
    const entries = await office.entriesOf(async () => {
      await office.colleague.fetch("/api/admin/people");
      await office.colleague.fetch("/api/audit");
      await office.auditor.fetch("/api/admin/people");
      await office.auditor.fetch("/api/audit");
    });
    expect(entries.map(({ login, details }) => [login, details["path"]])).toEqual([
      ["ivan", "/admin/people"],
      ["ivan", "/audit"],
      ["vera", "/admin/people"],
    ]);
  });

  it("of a change over REST and of the same over the socket, once each, with the fields' names", async () => {
    const set = { jobTitle: SECRETS.name };
    const rest = await office.entriesOf(() =>
      office.colleague.fetch(`/api/records/${record}`, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ set, base: { jobTitle: 0 } }),
      }),
    );
    expect(rest).toMatchObject([
      {
        action: "access.denied",
        outcome: "denied",
        login: "ivan",
        object_kind: "records",
        object_id: record,
        details: { door: "http", method: "patch", path: "/records/:id" },
      },
    ]);
    const desk = await openDesk(office.kontor.url, office.colleague.token);
    const intent = {
      mid: newId(),
      name: "record.edit",
      collection: "records",
      id: record,
      at: new Date().toISOString(),
    };
    const socket = await office.entriesOf(() => desk.push({ ...intent, args: { set, base: { jobTitle: 0 } } }));
    await desk.close();
    expect(socket).toMatchObject([
      {
        action: "access.denied",
        login: "ivan",
        object_kind: "records",
        object_id: record,
        details: { door: "sync", intent: "record.edit" },
      },
    ]);
  });

  it("of a signed address that was changed, and of one whose owner lost the right", async () => {
    const { url } = await office.hr.json<{ url: string }>("POST", `/api/files/${file}/url`, { part: "content" });
    const changed = `${office.kontor.url}${url.slice(0, -2)}AA`;
    expect(await office.entriesOf(() => fetch(changed))).toMatchObject([
      { action: "access.denied", login: null, details: { door: "signedUrl", reason: "file.ticket" } },
    ]);
    expect(await office.entriesOf(async () => (await fetch(office.kontor.url + url)).arrayBuffer())).toMatchObject([
      { action: "record.sensitiveRead", details: { via: "file" } },
    ]);
    await office.people.change(office.ids["hanna"] ?? "", { groupIds: [] });
    expect(await office.entriesOf(() => fetch(office.kontor.url + url))).toMatchObject([
      { action: "access.denied", object_id: file, details: { door: "signedUrl", reason: "file.notFound" } },
    ]);
    const { rows } = await office.test.pool.query<{ id: string }>("select id from user_group where key = 'hr'");
    await office.people.change(office.ids["hanna"] ?? "", { groupIds: rows.map(({ id }) => id) });
  });

  it("but not what is answered as not there, which would take time and tell", async () => {
    expect(await office.entriesOf(() => office.colleague.fetch(`/api/files/${file}`))).toEqual([]);
    expect(await office.entriesOf(() => office.colleague.fetch(`/api/records/${newId()}`))).toEqual([]);
  });
});

describe("[POL-12] reads of sensitive sections", () => {
  const read = (details: object, id: string | null = record) => ({
    action: "record.sensitiveRead",
    outcome: "done",
    login: "hanna",
    object_kind: "employee",
    object_id: id,
    details,
  });
  const both = ["pay", "personal"];

  it.each([
    ["a card", () => `/api/records/${record}`, { via: "record", sections: both }],
    ["its history", () => `/api/records/${record}/history`, { via: "record", sections: both }],
    ["a list", () => "/api/records?type=employee", { via: "list", sections: both }],
    ["its files", () => `/api/records/${record}/files`, { via: "file", sections: ["personal"] }],
    ["a file's name", () => `/api/files/${file}`, { via: "file", sections: ["personal"] }],
    ["a file's body", () => `/api/files/${file}/content`, { via: "file", sections: ["personal"] }],
    ["a file's preview", () => `/api/files/${file}/preview/thumbnail`, { via: "file", sections: ["personal"] }],
  ])("%s", async (_name, path, details) => {
    expect(await office.entriesOf(() => drain(path()))).toMatchObject([read(details)]);
  });

  it("an export, as an export and as what was in it", async () => {
    const entries = await office.entriesOf(() => drain("/api/records/export?type=employee"));
    expect(entries).toMatchObject([
      { action: "record.exported", login: "hanna", object_kind: "employee" },
      read({ via: "export", sections: both }),
    ]);
  });

  it("a sum, which names no record", async () => {
    const entries = await office.entriesOf(() => drain("/api/records/summary?type=employee&measure=salary"));
    expect(entries).toMatchObject([read({ via: "summary", sections: ["pay"] }, null)]);
  });

  it("what an administrator sees as somebody else, under the administrator's own name", async () => {
    const as = { userId: office.ids["hanna"] };
    const entries = await office.entriesOf(async () => {
      await office.root.json("POST", "/api/access/view-as/record", { ...as, id: record });
      await office.root.json("POST", "/api/access/view-as/records", { ...as, type: "employee", limit: 10 });
    });
    const reads = entries.filter(({ action }) => action === "record.sensitiveRead");
    expect(reads).toMatchObject([{ ...read({ via: "viewAs", sections: both }), login: "root" }]);
    expect(entries.filter(({ action }) => action === "access.viewedAs")).toHaveLength(2);
  });

  it("the answer to a change", async () => {
    const set = { nextReview: "2027-01-01" };
    const entries = await office.entriesOf(() =>
      office.hr.json("PATCH", `/api/records/${record}`, { set, base: { nextReview: 0 } }),
    );
    expect(entries).toMatchObject([read({ via: "record", sections: both })]);
  });

  it("the feed: one entry for the records of a batch that are alike, with all their ids", async () => {
    const others: string[] = [];
    for (let index = 0; index < 3; index++) {
      const fields = { fullName: `Other ${index}`, department: office.departmentId, address: SECRETS.address };
      others.push((await office.hr.json<{ id: string }>("POST", "/api/records", { type: "employee", fields })).id);
    }
    const entries = await office.entriesOf(async () => {
      const desk = await openDesk(office.kontor.url, office.hr.token);
      await desk.close();
    });
    const ofAll = entries.filter(({ object_kind }) => object_kind === "employee");
    expect(ofAll).toContainEqual(
      expect.objectContaining({
        action: "record.sensitiveRead",
        login: "hanna",
        object_id: null,
        details: { via: "feed", sections: ["personal"], ids: expect.arrayContaining(others) as unknown },
      }),
    );
    expect(ofAll).toContainEqual(
      expect.objectContaining({ object_id: record, details: { via: "feed", sections: both } }),
    );
    expect(entries.length).toBeLessThanOrEqual(4);
  });

  it("nothing for whoever does not see the section", async () => {
    const entries = await office.entriesOf(async () => {
      await drain(`/api/records/${record}`, office.colleague);
      await drain("/api/records?type=employee", office.colleague);
      await drain("/api/records/export?type=employee&format=jsonl", office.colleague);
      const desk = await openDesk(office.kontor.url, office.colleague.token);
      await desk.close();
    });
    expect(entries.map(({ action }) => action)).toEqual(["record.exported"]);
  });

  it("is on record before the answer: who cannot be recorded is not answered", async () => {
    await office.test.pool.query("delete from audit_repeat");
    await office.test.pool.query("alter table audit_repeat rename to audit_repeat_away");
    const answers = await Promise.all([
      office.hr.fetch(`/api/records/${record}`),
      office.colleague.fetch("/api/admin/people"),
    ]);
    await office.test.pool.query("alter table audit_repeat_away rename to audit_repeat");
    expect(answers.map(({ status }) => status)).toEqual([500, 500]);
    expect(await answers[0].text()).not.toContain("CANARY");
  });
});

it("[POL-12] keeps no password, token, value, title or name of anything that is protected", async () => {
  const contents = await office.contents();
  expect(contents).toContain("record.sensitiveRead");
  for (const secret of [...Object.values(SECRETS), ...tokens, PASSWORD])
    expect(contents.toLowerCase()).not.toContain(secret.toLowerCase());
});
