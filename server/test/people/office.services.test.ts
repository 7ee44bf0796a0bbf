import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { startKontor, type Kontor } from "@kontor/server/main";
import type { Policy } from "@kontor/shared/access";
import { newId, systemClock } from "@kontor/shared/base";
import { createFrameCodec, PROTOCOL_VERSION } from "@kontor/shared/protocol";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { readConfig } from "#config";
import { createPeopleService, createSessionService, ensureAdministrators } from "#people";
import { createTestDatabase, type TestDatabase } from "#testing";
import { Client } from "../files/serverProcess.ts";

/** Services and attributes in the whole server, with the office's own types and policies. */
const PASSWORD = "correct horse battery staple";
const ACCOUNT = "40702810900000012345";
const codec = createFrameCodec({
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
});
let test: TestDatabase;
let kontor: Kontor;
let directory: string;
let root: Client;
let ivan: Client;
let ivansId: string;
let counterparty: string;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "kontor-services-"));
  await chmod(directory, 0o755);
  const config = readConfig(
    { DATABASE_URL: test.url, KONTOR_LOG_LEVEL: process.env.KONTOR_TEST_LOG ?? "silent" },
    { dataDirectory: directory, port: 0, host: "127.0.0.1" },
  );
  kontor = await startKontor(config);
  const sessions = createSessionService({ db: test.db, clock: systemClock });
  const people = createPeopleService({
    db: test.db,
    sessions,
    clock: systemClock,
    doorbell: { ring: () => undefined },
  });
  const accounting = await people.createGroup({ key: "accounting", nameEn: "Accounting", nameRu: "Бухгалтерия" });
  await people.createGroup({ key: "decision-clients", nameEn: "Decision clients", nameRu: "Клиенты" });
  const groupIds = [await ensureAdministrators(test.db), accounting.id];
  await people.create({ login: "root", name: "Root", password: PASSWORD, groupIds });
  ivansId = (await people.create({ login: "ivan", name: "Ivan", password: PASSWORD })).id;
  root = await Client.signIn(kontor.url, "root");
  ivan = await Client.signIn(kontor.url, "ivan");
  const fields = { name: "Paper Ltd", account: ACCOUNT };
  counterparty = (await root.json<{ id: string }>("POST", "/api/records", { type: "counterparty", fields })).id;
}, 60_000);
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});
afterAll(async () => {
  await kontor.stop();
  await test.drop();
  await rm(directory, { recursive: true, force: true });
});

function connect(token: string) {
  const socket = new WebSocket(kontor.url.replace("http", "ws") + "/sync", ["kontor.v1", `bearer.${token}`]);
  sockets.push(socket);
  const closed = new Promise<number>((resolve) => {
    socket.on("close", resolve);
    socket.on("error", () => resolve(0));
  });
  return { socket, closed };
}

async function addService(
  key: string,
  groups: readonly string[],
  scopes: readonly string[],
): Promise<Client & { id: string }> {
  const structure = await root.json<{ groups: { id: string; key: string }[] }>("GET", "/api/admin/structure");
  const groupIds = structure.groups.filter((group) => groups.includes(group.key)).map(({ id }) => id);
  const { id } = await root.json<{ id: string }>("POST", "/api/admin/services", { key, name: key, groupIds });
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const body = { name: "test", scopes, expiresAt };
  const { token } = await root.json<{ token: string }>("POST", `/api/admin/services/${id}/tokens`, body);
  return Object.assign(new Client(kontor.url, token), { id });
}

it("a service works over HTTP with its own rights and its own name in the history, and gets no replica", async () => {
  const erp = await addService("erp", ["accounting"], ["read", "write"]);
  const record = await erp.json<{ fields: Record<string, unknown> }>("GET", `/api/records/${counterparty}`);
  expect(record.fields.account).toBe(ACCOUNT);
  // A service is nobody, and so can be responsible for nothing: it says who is.
  const fields = { name: "From the ERP", responsible: ivansId };
  const { id } = await erp.json<{ id: string }>("POST", "/api/records", { type: "counterparty", fields });
  const { rows } = await test.pool.query("select created_by from record where id = $1", [id]);
  expect(rows).toEqual([{ created_by: erp.id }]);
  expect(await connect(erp.token).closed).toBe(4403);
  await root.json("PATCH", `/api/admin/services/${erp.id}`, { state: "disabled" });
  expect((await erp.fetch(`/api/records/${counterparty}`)).status).toBe(401);
});

it("a decision client learns what somebody may do, and reads nothing itself", async () => {
  const client = await addService("portal", ["decision-clients"], ["evaluate"]);
  const decide = (action: string) =>
    client.json<{ decision: boolean }>("POST", "/access/v1/evaluation", {
      subject: { type: "user", id: "ivan" },
      action: { name: action },
      resource: { type: "counterparty", id: counterparty },
    });
  expect([(await decide("read")).decision, (await decide("delete")).decision]).toEqual([true, false]);
  const found = await client.json<{ results: { id: string }[] }>("POST", "/access/v1/search/resource", {
    subject: { type: "user", id: "ivan" },
    action: { name: "read" },
    resource: { type: "counterparty" },
  });
  const { records } = await ivan.json<{ records: { id: string }[] }>("GET", "/api/records?type=counterparty&limit=200");
  expect(found.results.map(({ id }) => id).toSorted()).toEqual(records.map(({ id }) => id).toSorted());
  expect((await client.fetch(`/api/records/${counterparty}`)).status).toBe(403);
});

it("[POL-11] a changed attribute is decided on at once over HTTP, and in the view that a connected replica gets", async () => {
  const account = async () =>
    (await ivan.json<{ fields: Record<string, unknown> }>("GET", `/api/records/${counterparty}`)).fields.account;
  const inView = async () => {
    const { rows } = await test.pool.query<{ hash: string }>("select hash::text from view_row where row_id = $1", [
      counterparty,
    ]);
    return rows.map(({ hash }) => hash);
  };
  const { socket } = connect(ivan.token);
  await new Promise((resolve) => socket.once("open", resolve));
  const body = { protocol: PROTOCOL_VERSION, deviceId: newId(), appVersion: "test", buckets: [] };
  socket.send(codec.encode({ type: "hello", body }));
  await expect.poll(inView, { timeout: 15_000 }).toHaveLength(1);
  const [before] = await inView();
  expect(await account()).toEqual(expect.stringMatching(/^\W+2345$/));

  await root.json("PATCH", `/api/admin/people/${ivansId}`, { attributes: { clearance: 2 } });
  expect(await account()).toBe(ACCOUNT);
  await expect.poll(async () => (await inView())[0] !== before, { timeout: 15_000 }).toBe(true);

  await root.json("PATCH", `/api/admin/people/${ivansId}`, { attributes: { clearance: 1 } });
  expect(await account()).toEqual(expect.stringMatching(/^\W+2345$/));
  await expect.poll(async () => (await inView())[0], { timeout: 15_000 }).toBe(before);
});

it("policies decide by the trust in a device, and by how the session was opened", async () => {
  const allow = (id: string, when: NonNullable<Policy["when"]>): Policy => ({
    id,
    title: id,
    effect: "allow",
    resource: "counterparty",
    actions: ["read"],
    when,
  });
  const { access } = kontor.inventory;
  const policies = access.engine().policies;
  const signIn = (device?: object) =>
    new Client(kontor.url, "").json<{ token: string; deviceId?: string }>("POST", "/api/sign-in", {
      login: "ivan",
      password: PASSWORD,
      ...(device && { device }),
    });
  const seen = async (token: string) => {
    const client = new Client(kontor.url, token);
    const { fields } = await client.json<{ fields: Record<string, unknown> }>("GET", `/api/records/${counterparty}`);
    return fields.account;
  };
  const laptop = await signIn({ name: "Laptop", platform: "linux" });
  const program = await signIn();
  const masked = expect.stringMatching(/^\W+2345$/) as unknown;

  await access.publish([...policies, allow("trusted-devices", { eq: ["ctx.deviceTrusted", true] })], ivansId);
  expect([await seen(laptop.token), await seen(program.token)]).toEqual([masked, masked]);
  await root.json("PUT", `/api/admin/devices/${laptop.deviceId}/trust`, { trusted: true });
  expect([await seen(laptop.token), await seen(program.token)]).toEqual([ACCOUNT, masked]);

  await access.publish([...policies, allow("two-factors", { gte: ["ctx.factorLevel", 2] })], ivansId);
  expect(await seen(laptop.token)).toEqual(masked);
  await access.publish([...policies, allow("one-factor", { eq: ["ctx.factorLevel", 1] })], ivansId);
  expect([await seen(laptop.token), await seen(program.token)]).toEqual([ACCOUNT, ACCOUNT]);
  await access.publish(policies, ivansId);
});

it("the overview warns of tokens that end soon", async () => {
  const partOf = async () => {
    const { parts } = await root.json<{ parts: { name: string; state: string; words: string }[] }>(
      "GET",
      "/api/admin/overview",
    );
    return parts.find(({ name }) => name === "services");
  };
  expect(await partOf()).toMatchObject({ state: "poor", words: expect.stringContaining("30 days") as unknown });
  await test.pool.query("update service_token set expires_at = now() + interval '60 days'");
  expect(await partOf()).toMatchObject({ state: "ok" });
});
