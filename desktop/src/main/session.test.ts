import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionState } from "#contract";
import type { OpenReplica } from "./replica.host.ts";
import { createSession } from "./session.ts";
import type { Keychain } from "./vault.ts";

const anna = { id: "0197c0de-0000-7000-8000-00000000000a", login: "anna", name: "Anna", isAdmin: false };
const serverId = "0197c0de-0000-7000-8000-0000000000ff";
const info = { product: "kontor" as const, version: "1", protocol: 1, serverId, name: "Aurora" };
const keychain: Keychain = {
  isAvailable: async () => true,
  encrypt: async (text) => Buffer.from(text).reverse(),
  decrypt: async (bytes) => Buffer.from(bytes).reverse().toString(),
};
const noKeychain: Keychain = { ...keychain, isAvailable: async () => false };

let userData: string;
beforeEach(async () => (userData = await mkdtemp(join(tmpdir(), "kontor-session-"))));
afterEach(() => rm(userData, { recursive: true }));

/** One run of the app; the folder outlives it. */
function run(options: { keychain?: Keychain; user?: typeof anna } = {}) {
  const user = options.user ?? anna;
  let open: OpenReplica | undefined;
  const renewed: string[] = [];
  const signedOut: string[] = [];
  const states: SessionState[] = [];
  let tokens = 0;
  const session = createSession({
    userData,
    appVersion: "1",
    keychain: options.keychain ?? keychain,
    server: {
      checkServer: async (url) => ({ ok: true, url, info }),
      signIn: async () => ({
        ok: true,
        value: {
          token: `token-${++tokens}`,
          sessionId: "0197c0de-0000-7000-8000-0000000000aa",
          deviceId: "0197c0de-0000-7000-8000-0000000000dd",
          leaseMs: 1000,
          user: { ...user, locale: "en" },
          server: info,
        },
      }),
      signOut: async ({ token }) => void signedOut.push(token),
    },
    replica: {
      open: async (next) => void (open = next),
      close: async () => void (open = undefined),
      renewToken: (token) => void renewed.push(token),
      isOpen: () => open !== undefined,
    },
    changed: (state) => states.push(state),
  });
  const signIn = () => session.signIn({ url: "https://kontor.example", login: user.login, password: "x" });
  return { session, signIn, opened: () => open, renewed, signedOut, states };
}

describe("with a keychain", () => {
  it("stays signed in over a restart, with the same key", async () => {
    const first = run();
    await first.session.start();
    expect(first.session.state()).toEqual({ state: "signedOut" });
    expect(await first.signIn()).toEqual({ ok: true });
    const key = first.opened()?.key;

    const second = run();
    await second.session.start();
    expect(second.session.state()).toMatchObject({ state: "signedIn", user: anna, server: { name: "Aurora" } });
    expect(second.opened()).toMatchObject({ key, token: "token-1" });
  });

  it("hands a new token to the open replica when the same person signs in again", async () => {
    const app = run();
    await app.session.start();
    await app.signIn();
    const before = app.opened();
    await app.signIn();
    expect(app.opened()).toBe(before);
    expect(app.renewed).toEqual(["token-2"]);
  });

  it("never opens one person's replica for another", async () => {
    const app = run();
    await app.session.start();
    await app.signIn();
    const annas = app.opened();
    const ivan = run({ user: { ...anna, id: "0197c0de-0000-7000-8000-00000000000b", login: "ivan", name: "Ivan" } });
    await ivan.session.start();
    await ivan.signIn();
    expect(ivan.opened()?.directory).not.toBe(annas?.directory);
    expect(ivan.opened()?.key).not.toBe(annas?.key);
  });

  it("keeps the documents, locked, at a sign-out, and opens them with the same key afterwards", async () => {
    const app = run();
    await app.session.start();
    await app.signIn();
    const { directory, key } = app.opened() ?? { directory: "" };
    await app.session.signOut({ erase: false });
    expect(app.session.state()).toMatchObject({ state: "signedOut", lastLogin: "anna" });
    expect(app.signedOut).toEqual(["token-1"]);
    expect(existsSync(directory)).toBe(true);
    await app.signIn();
    expect(app.opened()).toMatchObject({ directory, key, token: "token-2" });
  });

  it("leaves nothing behind at a sign-out that erases", async () => {
    const app = run();
    await app.session.start();
    await app.signIn();
    const { directory, key } = app.opened() ?? { directory: "" };
    await app.session.signOut({ erase: true });
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(`${directory}.key`)).toBe(false);
    await app.signIn();
    expect(app.opened()?.key).not.toBe(key);
  });
});

it("[VIS-6] a device taken out of use keeps nothing but the words that say so, until somebody signs in again", async () => {
  const app = run();
  await app.session.start();
  await app.signIn();
  const { directory } = app.opened() ?? { directory: "" };
  await app.session.revoked();
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(`${directory}.key`)).toBe(false);
  expect(app.session.state()).toMatchObject({ state: "signedOut", deviceRevoked: true });
  await app.signIn();
  await app.session.signOut({ erase: false });
  expect(app.session.state()).not.toHaveProperty("deviceRevoked");
});

describe("without a keychain", () => {
  it("asks for a new passphrase after the first sign-in, and for that one at every start", async () => {
    const first = run({ keychain: noKeychain });
    await first.session.start();
    await first.signIn();
    expect(first.session.state()).toEqual({ state: "needsPassphrase", first: true });
    expect(first.opened()).toBeUndefined();
    expect(await first.session.unlock({ passphrase: "short" })).toMatchObject({ reason: "unlock.tooShort" });
    expect(await first.session.unlock({ passphrase: "correct horse" })).toEqual({ ok: true });
    expect(first.session.state()).toMatchObject({ state: "signedIn" });
    const key = first.opened()?.key;

    const second = run({ keychain: noKeychain });
    await second.session.start();
    expect(second.session.state()).toEqual({ state: "needsPassphrase", first: false });
    expect(await second.session.unlock({ passphrase: "wrong horse" })).toMatchObject({ reason: "unlock.wrong" });
    expect(second.opened()).toBeUndefined();
    expect(await second.session.unlock({ passphrase: "correct horse" })).toEqual({ ok: true });
    expect(second.opened()?.key).toBe(key);
  });
});

describe("what sealed the key opens it", () => {
  it("a keychain that is locked today does not cost the documents", async () => {
    const first = run();
    await first.session.start();
    await first.signIn();
    const key = first.opened()?.key;
    const locked = run({ keychain: noKeychain });
    await locked.session.start();
    expect(locked.session.state()).toMatchObject({ state: "signedOut" });
    expect(await locked.signIn()).toMatchObject({ ok: false, reason: "unlock.keychainMissing" });
    const later = run();
    await later.session.start();
    await later.signIn();
    expect(later.opened()?.key).toBe(key);
  });

  it("a keychain that appears does not replace the passphrase", async () => {
    const first = run({ keychain: noKeychain });
    await first.session.start();
    await first.signIn();
    await first.session.unlock({ passphrase: "correct horse" });
    const second = run();
    await second.session.start();
    expect(second.session.state()).toEqual({ state: "needsPassphrase", first: false });
  });
});
