import { newId } from "@kontor/shared/base";
import type { GuardedOffice } from "./guardedOffice.ts";
import { accountOwnDoors } from "./mail.accounts.doors.ts";
import { mailIntentProbes, type IntentProbe } from "./mail.doors.ts";
import { sendIntentProbes } from "./mail.send.doors.ts";

/** Doors that ask no policy, each looked at by somebody who says why that is right. */
export const ownDoors: Readonly<Record<string, string>> = {
  ...accountOwnDoors,
  "get /.well-known/authzen-configuration": "addresses of this server that are the same everywhere",
  "get /info": "name and version, for checking an address",
  "post /sign-in": "the door itself, with guesses bounded",
  "post /console/sign-in": "the console's door",
  "post /sign-out": "ends the caller's session",
  "post /sign-out-everywhere": "ends the caller's sessions",
  "get /me": "the caller's account",
  "get /me/sessions": "the caller's sessions",
  "put /me/password": "with the old password",
  "get /me/tokens": "the caller's tokens without their secrets",
  "post /me/tokens": "never more than the caller's own rights",
  "delete /me/tokens/:id": "the caller's tokens",
  "get /mail/settings": "how the caller writes and reads mail",
  "patch /mail/settings": "the same, for the caller alone",
  "get /access/revertible": "names a set that the caller published",
  "post /access/take-back": "takes back what the caller published, while it is in force (POL-9)",
  "post /access/requests": "asks for oneself and opens nothing",
  "delete /access/requests/:id": "takes back what the caller asked",
};

/** Routes that are no endpoints, as Express names them. */
export const others: Readonly<Record<string, string>> = {
  "/": "leads to the console's page",
  "/^\\/console$/": "leads to the console's page",
  "/console/{*path}": "the console's page: the same bytes for everybody",
  "/healthz": "says that the process lives",
  "/readyz": "says whether to send it requests",
  "/metrics": "numbers without names; a token can be asked for",
  "/^\\/api\\/docs$/": "leads to the description of the API",
  "/api/docs/": "the description of the API",
  "/api/docs/start.js": "its script",
  "/api/openapi.json": "the description of the API, for machines",
  "/api/uploads": "bodies by tus; asks the record's policy for each file",
  "/api/uploads/:id": "the same",
  "/f/:signed": "signed addresses; asks the rights of whoever it was made for",
};

const inADay = () => new Date(Date.now() + 86_400_000).toISOString();
const wish = (recordId: string) => ({ recordId, type: "employee", level: "read", until: inADay(), why: "to help out" });
export const granting = () => ({ level: "read", sections: ["main"], until: inADay() });

/** A request that waits for the answer of "everything", who is the record's owner. */
export async function requested(recordId: string, { administrator }: GuardedOffice): Promise<string> {
  return (await administrator.json<{ id: string }>("POST", "/api/access/requests", wish(recordId))).id;
}

export async function granted(recordId: string, office: GuardedOffice): Promise<string> {
  const id = await requested(recordId, office);
  await office.clients.everything.json("POST", `/api/access/requests/${id}/grant`, granting());
  return id;
}

export const intentProbes: Readonly<Record<string, IntentProbe>> = {
  "record.create": async (_target, { departmentId }) => ({
    id: newId(),
    args: { type: "employee", fields: { fullName: "Somebody", department: departmentId } },
  }),
  "record.edit": async ({ recordId }) => ({
    id: recordId,
    args: { set: { address: "Elsewhere" }, base: { address: 1 } },
  }),
  "record.transition": async ({ recordId }) => ({ id: recordId, args: { transition: "confirm" } }),
  "record.delete": async ({ recordId }) => ({ id: recordId, args: {} }),
  "record.restore": async ({ recordId }, { clients }) => {
    await clients.everything.json("DELETE", `/api/records/${recordId}`);
    return { id: recordId, args: {} };
  },
  "record.resolve": async ({ recordId }, { clients, administrator }) => {
    for (const [author, address] of [
      [administrator, "One"],
      [clients.everything, "Other"],
    ] as const)
      await author.json("PATCH", `/api/records/${recordId}`, { set: { address }, base: { address: 1 } });
    return { id: recordId, args: { field: "address", choice: "mine" } };
  },
  "access.request": async ({ recordId }) => ({ id: newId(), args: wish(recordId) }),
  "access.withdrawRequest": async ({ recordId }, { kontor, userIds }) => {
    const id = newId();
    const at = new Date().toISOString();
    const principal = {
      userId: userIds.everything,
      login: "everything",
      name: "everything",
      isAdmin: false,
      channel: "desktop",
      scopes: ["read", "write"],
    } as const;
    const args = wish(recordId);
    const intent = { mid: newId(), name: "access.request", collection: "accessRequests", id, at, args };
    await kontor.inventory.sync.applyIntent(principal, intent);
    return { id, args: {} };
  },
  "access.grant": async ({ recordId }, office) => ({ id: await requested(recordId, office), args: granting() }),
  "access.refuse": async ({ recordId }, office) => ({ id: await requested(recordId, office), args: {} }),
  "access.endGrant": async ({ recordId }, office) => ({ id: await granted(recordId, office), args: {} }),
  "file.attach": async ({ recordId }) => ({
    id: newId(),
    args: { recordId, field: "papers", name: "more.png", size: 10, sha256: "0".repeat(64) },
  }),
  "file.rename": async ({ fileId }) => ({ id: fileId, args: { name: "renamed.png" } }),
  "file.detach": async ({ fileId }) => ({ id: fileId, args: {} }),
  "file.restore": async ({ fileId }, { clients }) => {
    await clients.everything.json("DELETE", `/api/files/${fileId}`);
    return { id: fileId, args: {} };
  },
  ...mailIntentProbes,
  ...sendIntentProbes,
};
