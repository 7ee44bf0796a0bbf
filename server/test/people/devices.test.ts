import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { startPeopleServer, type PeopleServer } from "./peopleServer.ts";

let server: PeopleServer;
beforeAll(async () => {
  server = await startPeopleServer();
});
afterAll(() => server.stop());

const device = { name: "Laptop", platform: "linux" as const };
async function signInOn(login: string, id?: string) {
  const { body } = await server.signIn(login, undefined, { device: { ...device, ...(id && { id }) } } as object);
  return { token: body.token as string, deviceId: body.deviceId as string };
}
const principalOf = (token: string) => server.sessions.authenticate(token);

it("is not trusted until an administrator says so; then every session on it carries it, from the next request on", async () => {
  const { login } = await server.addPerson();
  const { token, deviceId } = await signInOn(login);
  expect(await principalOf(token)).toMatchObject({ deviceId, deviceTrusted: false });
  expect((await server.manage("PUT", `/devices/${deviceId}/trust`, { trusted: true })).status).toBe(204);
  expect(await principalOf(token)).toMatchObject({ deviceId, deviceTrusted: true });
  const again = await signInOn(login, deviceId);
  expect(await principalOf(again.token)).toMatchObject({ deviceId, deviceTrusted: true });
  await server.manage("PUT", `/devices/${deviceId}/trust`, { trusted: false });
  expect(await principalOf(token)).toMatchObject({ deviceTrusted: false });
  const { body } = await server.manage("GET", "/devices");
  expect((body as unknown as { id: string; trusted: boolean }[]).find(({ id }) => id === deviceId)?.trusted).toBe(
    false,
  );
});

it("loses the trust with its revocation: what signs in there again is a new device", async () => {
  const { login } = await server.addPerson();
  const { deviceId } = await signInOn(login);
  await server.manage("PUT", `/devices/${deviceId}/trust`, { trusted: true });
  await server.manage("POST", `/devices/${deviceId}/revoke`);
  const again = await signInOn(login, deviceId);
  expect(again.deviceId).not.toBe(deviceId);
  expect(await principalOf(again.token)).toMatchObject({ deviceTrusted: false });
  expect((await server.manage("PUT", `/devices/${deviceId}/trust`, { trusted: true })).status).toBe(404);
  expect((await server.manage("PUT", `/devices/${newId()}/trust`, { trusted: true })).status).toBe(404);
});

it("is not known where there is none, and a token has no factor", async () => {
  const { id, login } = await server.addPerson();
  const session = await principalOf(await server.tokenOf(login));
  expect(session).toMatchObject({ factorLevel: 1 });
  expect(session).not.toHaveProperty("deviceTrusted");
  const { token } = await server.sessions.createToken(id, { name: "program", scopes: ["read"] });
  const program = await principalOf(token);
  expect(program).not.toHaveProperty("factorLevel");
  expect(program).not.toHaveProperty("deviceTrusted");
});

it("[POL-12] who trusted it, and who did not any more, is in the audit log", async () => {
  const { login } = await server.addPerson();
  const { deviceId } = await signInOn(login);
  await server.manage("PUT", `/devices/${deviceId}/trust`, { trusted: true });
  await server.manage("PUT", `/devices/${deviceId}/trust`, { trusted: false });
  const { rows } = await server.pool.query(
    "select action, login, object_title from audit_entry where object_id = $1 and action in ('device.trusted', 'device.distrusted') order by txid",
    [deviceId],
  );
  expect(rows).toEqual([
    { action: "device.trusted", login: "root", object_title: "Laptop" },
    { action: "device.distrusted", login: "root", object_title: "Laptop" },
  ]);
});
