import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createVault, type Keychain } from "./vault.ts";

const secrets = { key: "ab".repeat(32), token: "a-token" };
const none: Keychain = {
  isAvailable: async () => false,
  encrypt: () => Promise.reject(new Error("no keychain")),
  decrypt: () => Promise.reject(new Error("no keychain")),
};
const reversing: Keychain = {
  isAvailable: async () => true,
  encrypt: async (text) => Buffer.from(text).reverse(),
  decrypt: async (bytes) => Buffer.from(bytes).reverse().toString(),
};

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "kontor-vault-"))));
afterEach(() => rm(folder, { recursive: true }));

it("keeps secrets by the keychain, and nothing of them in the clear", async () => {
  const path = join(folder, "secrets");
  const vault = createVault({ path, keychain: reversing });
  await vault.write(secrets);
  expect(await createVault({ path, keychain: reversing }).read()).toEqual(secrets);
  expect((await readFile(path, "utf8")).includes(secrets.key.slice(0, 16) + "x")).toBe(false);
  expect((await readFile(path, "utf8")).includes(secrets.token)).toBe(false);
});

it("asks for a passphrase where the system keeps no secrets, and opens to the right one only", async () => {
  const path = join(folder, "secrets");
  const first = createVault({ path, keychain: none });
  expect(await first.state()).toBe("needsNewPassphrase");
  expect(await first.unlock("correct horse")).toBe(true);
  await first.write(secrets);

  const later = createVault({ path, keychain: none });
  expect(await later.state()).toBe("needsPassphrase");
  expect(await later.read()).toBeUndefined();
  expect(await later.unlock("wrong horse")).toBe(false);
  expect(await later.unlock("correct horse")).toBe(true);
  expect(await later.read()).toEqual(secrets);
  expect(await readFile(`${path}.sealed`, "utf8")).not.toContain(secrets.token);

  await later.erase();
  expect(await later.state()).toBe("needsNewPassphrase");
});
