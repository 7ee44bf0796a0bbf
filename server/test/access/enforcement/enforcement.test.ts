import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newId, type JsonObject } from "@kontor/shared/base";
import type { Client } from "../../files/serverProcess.ts";
import type { Endpoint, Principal } from "#kernel";
import { createProjector } from "../../../src/sync/projection.ts";
import { intentProbes, others, ownDoors } from "./doors.ts";
import {
  everybody,
  OPEN,
  SALARY,
  secrets,
  startGuardedOffice,
  type GuardedOffice,
  type Who,
  policies,
} from "./guardedOffice.ts";
import { mailIntentProbes } from "./mail.doors.ts";
import { PatientClient } from "./patientClient.ts";
import { CALLER, probes, type Probe } from "./probes.ts";

/**
 * Every door of the server, each knocked at by somebody with every right, with a right to read, with half of a record
 * masked, and with none. A door that is new has no probe yet, and fails here until it has one.
 */
const office: GuardedOffice = await startGuardedOffice();
const { inventory } = office.kontor;
afterAll(() => office.stop(), 60_000);

const nameOf = ({ method, path }: Pick<Endpoint, "method" | "path">) => `${method} ${path}`;
const ofKind = (kind: Endpoint["access"]["kind"]) =>
  inventory.endpoints
    .filter(({ access }) => access.kind === kind)
    .map((endpoint) => ({ endpoint, name: nameOf(endpoint) }));
const tellsSum = (text: string) => text.includes(SALARY.slice(0, SALARY.indexOf(".")));
const meetsSecret = (text: string) => Object.values(secrets).filter((secret) => text.includes(secret));

beforeAll(async () => {
  const { fileId } = await office.fresh();
  await vi.waitFor(
    async () => {
      const { previewState } = await office.clients.everything.file(fileId);
      if (previewState !== "ready") throw new Error(`the preview is ${previewState}`);
    },
    { timeout: 180_000, interval: 100 },
  );
}, 210_000);

describe("endpoints that ask the policies", { timeout: 60_000 }, () => {
  it("each have a probe here, and each probe has its endpoint", () => {
    expect(Object.keys(probes).toSorted()).toEqual(
      ofKind("policy")
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  const knock = async (who: Who, { endpoint, probe }: { endpoint: Endpoint; probe: Probe }) => {
    const target = await office.fresh({ withFile: !probe.withoutFile });
    const { path, body, headers } = await probe.request(target, office);
    const before = await office.contents();
    const answer = await office.clients[who].fetch(`${endpoint.root ? "" : "/api"}${path}`, {
      method: endpoint.method.toUpperCase(),
      headers: { ...(body && { "content-type": "application/json" }), ...headers },
      ...(body && { body: JSON.stringify(body).replaceAll(CALLER, office.userIds[who]) }),
    });
    const text = Buffer.from(await answer.arrayBuffer()).toString("utf8");
    return { status: answer.status, text, changed: (await office.contents()) !== before };
  };
  const doors = ofKind("policy").flatMap(({ endpoint, name }) => {
    const probe = probes[name];
    return probe ? [{ name, endpoint, probe }] : [];
  });
  const reading = doors.filter(({ probe }) => probe.kind === "reads");
  const changing = doors.filter(({ probe }) => probe.kind === "changes");

  it.each(reading)("$name shows it to whoever may see it, also with a right to read only", async (door) => {
    const may = door.probe.readOnlyMayNot ? (["everything"] as const) : (["everything", "readOnly"] as const);
    for (const who of may) {
      const { status, text, changed } = await knock(who, door);
      expect([status, changed]).toEqual([door.probe.answers ?? 200, false]);
      expect(text).toContain(door.probe.shows ?? "");
    }
  });

  it.each(reading.filter(({ probe }) => probe.readOnlyMayNot))(
    "[POL-1] $name shows nothing with a right to read only",
    async (door) => {
      const { status, changed } = await knock("readOnly", door);
      expect([403, 404]).toContain(status);
      expect(changed).toBe(false);
    },
  );

  it.each(changing)("$name changes something for whoever may", async (door) => {
    const { status, changed } = await knock("everything", door);
    expect([status < 300, changed]).toEqual([true, true]);
  });

  it.each(changing)("[POL-1] $name changes nothing with a right to read only", async (door) => {
    const { status, changed } = await knock("readOnly", door);
    expect(door.probe.answersEach ? [200] : [403, 404]).toContain(status);
    expect(changed).toBe(false);
  });

  it.each(doors)("[POL-1] $name gives nothing to whom no policy gives anything", async (door) => {
    const { status, text, changed } = await knock("nothing", door);
    expect([200, 403, 404]).toContain(status);
    expect(changed).toBe(false);
    expect(meetsSecret(text)).toEqual([]);
    expect(text).not.toContain(OPEN);
    expect(tellsSum(text)).toBe(false);
  });

  it.each(doors)("[VIS-2] $name tells nothing of what is masked", async (door) => {
    const { status, text, changed } = await knock("masked", door);
    expect(status < 300).toBe(door.probe.maskedMay === true || door.probe.answersEach === true);
    expect(changed).toBe(door.probe.maskedMay === true && door.probe.kind === "changes");
    expect(meetsSecret(text)).toEqual([]);
    expect(tellsSum(text)).toBe(false);
  });
});

describe("endpoints of the administration", () => {
  const doors = inventory.endpoints.flatMap((endpoint) =>
    endpoint.access.kind === "system" ? [{ name: nameOf(endpoint), endpoint }] : [],
  );
  const knock = async (client: Client, { method, path, root }: Endpoint) => {
    const place = path.replaceAll(/:\w+/g, newId());
    const body = method === "get" || method === "delete" ? undefined : "{}";
    const headers = { ...(body && { "content-type": "application/json" }) };
    return client.fetch(`${root ? "" : "/api"}${place}`, {
      method: method.toUpperCase(),
      headers,
      ...(body && { body }),
    });
  };

  it.each(doors)("[POL-1] $name is closed to whoever does not administer, whatever else they may", async (door) => {
    for (const who of everybody) {
      const answer = await knock(office.clients[who], door.endpoint);
      expect([who, answer.status]).toEqual([who, 403]);
      expect(await answer.json()).toMatchObject({ reason: "access.system" });
    }
  });

  it("are closed to nobody else than those", async () => {
    // With made-up ids and empty bodies most of them have something to complain of, but not that.
    const harmless = doors.filter(({ endpoint }) => endpoint.method === "get" && !endpoint.stream);
    for (const { endpoint } of harmless) expect((await knock(office.administrator, endpoint)).status).not.toBe(403);
    expect(harmless.length).toBeGreaterThan(5);
  });
});

describe("endpoints about the caller's own account, and for anybody", () => {
  it("are those that were looked at, each with a reason", () => {
    const doors = inventory.endpoints.filter(({ access }) => access.kind === "self" || access.kind === "anybody");
    expect(doors.map(nameOf).toSorted()).toEqual(Object.keys(ownDoors).toSorted());
    for (const { access } of doors) expect("because" in access && access.because.length).toBeGreaterThan(10);
  });

  it.each(Object.entries(ownDoors).filter(([name]) => name.startsWith("get ")))(
    "%s tells nothing of anybody else",
    async (name) => {
      const { userIds, clients } = office;
      const path = name.slice("get ".length);
      const answer = await clients.nothing.fetch(path.startsWith("/.well-known/") ? path : `/api${path}`);
      const text = await answer.text();
      expect(answer.status).toBe(200);
      expect(meetsSecret(text)).toEqual([]);
      expect(text).not.toContain(OPEN);
      for (const who of everybody.filter((each) => each !== "nothing")) expect(text).not.toContain(userIds[who]);
    },
  );

  it("without a sign-in, nothing but those for anybody answers", async () => {
    const stranger = new PatientClient(office.kontor.url, "nonsense");
    for (const endpoint of inventory.endpoints.filter(({ access }) => access.kind !== "anybody")) {
      const path = `${endpoint.root ? "" : "/api"}${endpoint.path.replaceAll(/:\w+/g, newId())}`;
      const { status } = await stranger.fetch(path, { method: endpoint.method.toUpperCase() });
      expect([nameOf(endpoint), status]).toEqual([nameOf(endpoint), 401]);
    }
  });
});

describe("what is mounted beside the endpoints", () => {
  it("are those that were looked at, each with a reason", () => {
    const routes = (inventory.app.router as unknown as { stack: { route?: { path: string | RegExp } }[] }).stack;
    const known = new Set(inventory.endpoints.flatMap(({ path }) => [path, `/api${path}`]));
    const beside = routes.flatMap(({ route }) => (route && !known.has(String(route.path)) ? [String(route.path)] : []));
    expect([...new Set(beside)].toSorted()).toEqual(Object.keys(others).toSorted());
  });

  it("[VIS-2] a signed address ends with the rights of whoever it was made for", async () => {
    const { fileId } = await office.fresh();
    const { url } = await office.clients.readOnly.json<{ url: string }>("POST", `/api/files/${fileId}/url`, {});
    const { pathname } = new URL(url, office.kontor.url);
    const stranger = new PatientClient(office.kontor.url, "nonsense");
    expect((await stranger.fetch(pathname)).status).toBe(200);
    await office.publish(policies.filter(({ id }) => id !== "read-only"));
    expect((await stranger.fetch(pathname)).status).toBe(404);
    await office.publish(policies);
    expect((await stranger.fetch(pathname)).status).toBe(200);
  });

  it("[POL-1] an upload is begun, continued and asked for by its owner only", async () => {
    const { recordId } = await office.fresh();
    const { everything, nothing, readOnly, masked } = office.clients;
    const announced = await everything.attach(recordId, { name: "a.txt", body: Buffer.from("12345"), field: "papers" });
    for (const client of [nothing, readOnly, masked]) {
      expect([403, 404]).toContain((await client.beginUpload(announced)).status);
    }
    expect((await everything.beginUpload(announced)).status).toBe(201);
    for (const client of [nothing, readOnly, masked]) {
      expect([403, 404]).toContain((await client.offsetOf(announced.id)).status);
      expect([403, 404]).toContain((await client.send(announced.id, 0, Buffer.from("12345"))).status);
    }
  });
});

describe("what a replica is filled with", () => {
  const { collections } = inventory;
  const seenBy = async (who: Who, name: string) => {
    const projector = createProjector(collections);
    const collection = collections.find((each) => each.name === name);
    if (!collection) throw new Error(`no collection ${name}`);
    const subject = await inventory.access.subjectOf(office.userIds[who]);
    const context = { time: new Date().toISOString(), channel: "desktop" as const };
    const viewer = { subject, context, engine: inventory.access.engine() };
    const rows = await collection.scan(inventory.db, undefined, 1_000);
    const views = await projector.projectRows(inventory.db, viewer, collection, rows);
    return {
      rows: rows.length,
      seen: views.filter(({ view }) => view !== undefined).length,
      text: JSON.stringify(views),
    };
  };

  it.each(collections)("[POL-1] $name: nothing for whom no policy gives anything", async ({ name }) => {
    expect((await seenBy("nothing", name)).seen).toBe(0);
  });

  it("[VIS-2] hold no word of what is masked", async () => {
    for (const { name } of collections) {
      const { text } = await seenBy("masked", name);
      expect([name, meetsSecret(text), tellsSum(text)]).toEqual([name, [], false]);
    }
    expect((await seenBy("masked", "records")).text).toContain(OPEN);
    expect(meetsSecret((await seenBy("readOnly", "records")).text).length).toBeGreaterThan(2);
  });
});

describe("intents", () => {
  const principalOf = (who: Who): Principal => ({
    userId: office.userIds[who],
    login: who,
    name: who,
    isAdmin: false,
    channel: "desktop",
    scopes: ["read", "write"],
  });

  const asking = inventory.intents.filter(({ access }) => access.kind === "policy").map(({ name }) => name);

  it("each have a probe here, and each probe has its intent", () => {
    expect(Object.keys(intentProbes).toSorted()).toEqual(inventory.intents.map(({ name }) => name).toSorted());
  });

  const push = async (who: Who, name: string) => {
    const intent = inventory.intents.find((each) => each.name === name);
    const probe = intentProbes[name];
    if (!intent || !probe) throw new Error(`no probe of ${name}`);
    const target = await office.fresh({ withFile: !(name in mailIntentProbes) });
    const { id, args } = await probe(target, office);
    const [before, maskedBefore] = [await office.contents(), await maskedPart()];
    const { collection } = intent;
    const mid = newId();
    const at = new Date().toISOString();
    const sent = { mid, name, collection, id, at, args: args as JsonObject };
    const result = await inventory.sync.applyIntent(principalOf(who), sent);
    const changed = (await office.contents()) !== before;
    return { result, changed, changedMasked: (await maskedPart()) !== maskedBefore };
  };

  /** What of all records and files the masked one neither sees nor may touch. */
  async function maskedPart(): Promise<string> {
    const { rows } = await office.test.pool.query<{ text: string }>(`
      select coalesce(string_agg(t.text, e'\\n' order by t.text), '') as text from (
        select concat_ws(' ', id, fields - '{fullName,department,person,hiredOn}'::text[]) as text from record
        where fields ?| '{address,staffNumber}' union all
        select concat_ws(' ', id, name, state, deleted_at) from file where field = 'papers' union all
        select mail_message::text from mail_message union all
        select mail_folder::text from mail_folder union all
        select mail_rule::text from mail_rule union all
        select mail_link::text from mail_link union all
        select concat_ws(' ', id, contact->>'note') from contact where contact->>'note' <> '') as t`);
    return rows[0]?.text ?? "";
  }

  it.each(Object.keys(intentProbes))("%s is done for whoever may", async (name) => {
    const { result, changed } = await push("everything", name);
    expect([result.status, changed]).toEqual(["applied", true]);
  });

  it.each(asking)("[POL-1] %s is refused with a right to read only, and with none", async (name) => {
    for (const who of ["readOnly", "nothing"] as const) {
      const { result, changed } = await push(who, name);
      expect([result.status, changed]).toEqual(["rejected", false]);
      expect(["forbidden", "notFound"]).toContain(result.code);
      expect(meetsSecret(JSON.stringify(result))).toEqual([]);
    }
  });

  it.each(Object.keys(intentProbes))("[POL-7] %s leaves alone what is masked", async (name) => {
    const { result, changedMasked } = await push("masked", name);
    expect(meetsSecret(JSON.stringify(result))).toEqual([]);
    expect(changedMasked).toBe(false);
  });
});

it("jobs work for the server, each with a reason, and take no rights from whoever caused them", () => {
  for (const { access } of inventory.jobs) {
    expect(access.kind).toBe("server");
    expect(access.because.length).toBeGreaterThan(10);
  }
  expect(inventory.jobs.map(({ name }) => name)).toContain("previews.render");
});
