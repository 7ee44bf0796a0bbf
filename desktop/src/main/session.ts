import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { SignInResponse } from "@kontor/shared/people";
import type { Refusal, SessionState } from "#contract";
import { createJsonFile } from "./jsonFile.ts";
import type { ReplicaHost } from "./replica.host.ts";
import type { ServerClient } from "./server.client.ts";
import { createVault, type Keychain, type Vault } from "./vault.ts";

/**
 * Who is signed in here, and with what. One account at a time; each (server, user) has a replica folder of its own with
 * its own key, so a second person on the same computer never opens the first one's data.
 */
const accountSchema = z.object({
  replicaId: z.string(),
  url: z.string(),
  serverName: z.string(),
  user: z.object({ id: z.string(), name: z.string(), login: z.string(), isAdmin: z.boolean() }),
  deviceId: z.string(),
  leaseMs: z.number(),
});
type Account = z.infer<typeof accountSchema>;

const sessionSchema = z.object({
  lastServer: z.object({ url: z.string(), name: z.string() }).optional(),
  lastLogin: z.string().optional(),
  /** By server, so that signing in again continues as the same device. */
  deviceIds: z.record(z.string(), z.string()).default({}),
  account: accountSchema.optional(),
  deviceRevoked: z.literal(true).optional(),
});
type Stored = z.infer<typeof sessionSchema>;

const PLATFORMS = ["linux", "darwin", "win32"] as const;
const MIN_PASSPHRASE = 8;

export interface SessionDeps {
  readonly userData: string;
  readonly appVersion: string;
  readonly keychain: Keychain;
  readonly server: ServerClient;
  readonly replica: Pick<ReplicaHost, "open" | "close" | "renewToken" | "isOpen">;
  readonly changed: (state: SessionState) => void;
}

export function createSession(deps: SessionDeps) {
  const file = createJsonFile(join(deps.userData, "session.json"), sessionSchema);
  const replicas = join(deps.userData, "replicas");
  let stored: Stored = { deviceIds: {} };
  /** Signed in at the server, while the passphrase that will seal the key is still being asked for. */
  let waiting: { account: Account; token: string } | undefined;
  /** Kept from question to answer: it remembers that it was unlocked. */
  let vault: { readonly replicaId: string; readonly of: Vault } | undefined;
  let state: SessionState = { state: "signedOut" };

  function vaultOf(replicaId: string): Vault {
    if (vault?.replicaId === replicaId) return vault.of;
    const path = join(replicas, `${replicaId}.key`);
    vault = { replicaId, of: createVault({ path, keychain: deps.keychain }) };
    return vault.of;
  }

  function become(next: SessionState): void {
    state = next;
    deps.changed(next);
  }

  function becomeSignedOut(): void {
    become({
      state: "signedOut",
      ...(stored.lastServer ? { lastServer: stored.lastServer } : {}),
      ...(stored.lastLogin === undefined ? {} : { lastLogin: stored.lastLogin }),
      ...(stored.deviceRevoked ? { deviceRevoked: true } : {}),
    });
  }

  async function start(): Promise<void> {
    await mkdir(replicas, { recursive: true });
    stored = (await file.read()) ?? stored;
    if (!stored.account) return becomeSignedOut();
    const own = vaultOf(stored.account.replicaId);
    if ((await own.state()) === "needsPassphrase") return become({ state: "needsPassphrase", first: false });
    await openStoredAccount(stored.account, own);
  }

  async function openStoredAccount(account: Account, from: Vault): Promise<void> {
    const secrets = await from.read();
    // Without its key the replica cannot be read by anybody; signing in again makes a new one.
    if (!secrets) return becomeSignedOut();
    await openReplica(account, secrets.key, secrets.token);
  }

  async function openReplica(account: Account, key: string, token: string): Promise<void> {
    const directory = join(replicas, account.replicaId);
    await mkdir(directory, { recursive: true });
    // Not awaited: the window asks for its ports and gets them once the replica is open.
    deps.replica
      .open({
        directory,
        key,
        token,
        serverUrl: account.url,
        serverName: account.serverName,
        user: account.user,
        deviceId: account.deviceId,
        leaseMs: account.leaseMs,
        appVersion: deps.appVersion,
      })
      .catch(() => undefined);
    become({
      state: "signedIn",
      user: account.user,
      server: { url: account.url, name: account.serverName },
    });
  }

  async function signIn(input: { url: string; login: string; password: string }): Promise<{ ok: true } | Refusal> {
    const found = await deps.server.checkServer(input.url);
    if (!found.ok) return found;
    const known = stored.deviceIds[found.info.serverId];
    const answer = await deps.server.signIn({
      url: found.url,
      login: input.login,
      password: input.password,
      device: { ...(known ? { id: known } : {}), name: hostname().slice(0, 120) || "computer", platform: platform() },
    });
    if (!answer.ok) return answer;
    const account = accountOf(found.url, answer.value);
    stored = {
      ...stored,
      lastServer: { url: found.url, name: answer.value.server.name },
      lastLogin: answer.value.user.login,
      deviceIds: { ...stored.deviceIds, [found.info.serverId]: account.deviceId },
      deviceRevoked: undefined,
    };
    return enter(account, answer.value.token);
  }

  async function enter(account: Account, token: string): Promise<{ ok: true } | Refusal> {
    const isSame = stored.account?.replicaId === account.replicaId && deps.replica.isOpen();
    if (!isSame && deps.replica.isOpen()) await deps.replica.close(false);
    const open = vaultOf(account.replicaId);
    const vaultState = await open.state();
    if (vaultState === "keychainMissing") return refusal("unlock.keychainMissing", "The keychain is not available.");
    if (vaultState !== "open") {
      waiting = { account, token };
      become({ state: "needsPassphrase", first: vaultState === "needsNewPassphrase" });
      return { ok: true };
    }
    const key = (await open.read())?.key ?? (await newKey(account));
    await open.write({ key, token });
    stored = { ...stored, account };
    await file.write(stored);
    if (isSame) {
      deps.replica.renewToken(token, account.leaseMs);
      become({ state: "signedIn", user: account.user, server: { url: account.url, name: account.serverName } });
    } else {
      await openReplica(account, key, token);
    }
    return { ok: true };
  }

  /** A replica whose key is not to be found makes room, and the server fills a new one. It is kept: keys have come back. */
  async function newKey(account: Account): Promise<string> {
    const directory = join(replicas, account.replicaId);
    await rename(directory, `${directory}.unreadable-${Date.now()}`).catch(() => undefined); // mostly there is none
    return randomBytes(32).toString("hex");
  }

  async function unlock(input: { passphrase: string }): Promise<{ ok: true } | Refusal> {
    if (!vault || state.state !== "needsPassphrase") return refusal("unlock.notAsked", "No passphrase is asked for.");
    if (state.first && input.passphrase.length < MIN_PASSPHRASE) {
      return refusal("unlock.tooShort", `A passphrase has at least ${MIN_PASSPHRASE} characters.`);
    }
    if (!(await vault.of.unlock(input.passphrase))) return refusal("unlock.wrong", "This is not the passphrase.");
    if (waiting) {
      const { account, token } = waiting;
      waiting = undefined;
      return enter(account, token);
    }
    if (stored.account) await openStoredAccount(stored.account, vault.of);
    return { ok: true };
  }

  async function signOut({ erase }: { erase: boolean }): Promise<void> {
    const account = stored.account;
    const secrets = await vault?.of.read().catch(() => undefined);
    await deps.replica.close(erase);
    if (account && secrets) void deps.server.signOut({ url: account.url, token: secrets.token });
    if (account && erase) {
      await rm(join(replicas, account.replicaId), { recursive: true, force: true });
      await vault?.of.erase();
    } else if (secrets) {
      await vault?.of.write({ key: secrets.key, token: "" });
    }
    vault = undefined;
    waiting = undefined;
    const { account: _gone, ...rest } = stored;
    stored = rest;
    await file.write(stored);
    becomeSignedOut();
  }

  /** Nothing stays but the words that say so, until somebody signs in again. */
  async function revoked(): Promise<void> {
    stored = { ...stored, deviceRevoked: true };
    await signOut({ erase: true });
  }

  const accountOf = (url: string, answer: SignInResponse): Account => ({
    replicaId: createHash("sha256").update(`${answer.server.serverId}/${answer.user.id}`).digest("hex").slice(0, 32),
    url,
    serverName: answer.server.name,
    user: { id: answer.user.id, name: answer.user.name, login: answer.user.login, isAdmin: answer.user.isAdmin },
    deviceId: answer.deviceId ?? answer.sessionId,
    leaseMs: answer.leaseMs,
  });

  return { start, state: () => state, signIn, signOut, revoked, unlock };
}
export type Session = ReturnType<typeof createSession>;

const platform = () => PLATFORMS.find((name) => name === process.platform) ?? "other";
const refusal = (reason: string, message: string): Refusal => ({ ok: false, reason, message });
