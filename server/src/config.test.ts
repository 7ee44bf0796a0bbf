import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { configKeys, readConfig } from "#config";

const directories: string[] = [];
const dataDirectory = (file?: object | string) => {
  const directory = mkdtempSync(join(tmpdir(), "kontor-config-"));
  directories.push(directory);
  if (file !== undefined)
    writeFileSync(join(directory, "kontor.config.json"), typeof file === "string" ? file : JSON.stringify(file));
  return directory;
};
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

describe("configuration", () => {
  it("has a default for everything a first start needs", () => {
    expect(readConfig({}, { dataDirectory: dataDirectory() })).toMatchObject({
      port: 7480,
      host: "127.0.0.1",
      databaseUrl: undefined,
      blobs: { kind: "disk" },
    });
  });

  it("prefers the command line to the environment, and the environment to the file", () => {
    const file = { KONTOR_PORT: 1001, KONTOR_NAME: "from the file", KONTOR_HOST: "10.0.0.1" };
    const config = readConfig(
      { KONTOR_PORT: "1002", KONTOR_HOST: "10.0.0.2" },
      { dataDirectory: dataDirectory(file), port: 1003 },
    );
    expect(config).toMatchObject({ port: 1003, host: "10.0.0.2", name: "from the file" });
  });

  it("names every setting that does not fit, all at once", () => {
    const wrong = () =>
      readConfig(
        { KONTOR_PORT: "many", DATABASE_URL: "mysql://x", KONTOR_BLOB_STORE: "s3" },
        { dataDirectory: dataDirectory({ KONTOR_PROT: 1 }) },
      );
    expect(wrong).toThrow(/KONTOR_PROT[^]*KONTOR_PORT[^]*DATABASE_URL: must start with postgres[^]*S3_BUCKET: needed/);
  });

  it.each(["loopback", "10.0.0.0/8, ::1", "uniquelocal,192.0.2.7"])("takes as proxies: %s", (list) => {
    expect(readConfig({ KONTOR_TRUST_PROXY: list }, { dataDirectory: dataDirectory() }).trustProxy).toBe(list);
  });

  it.each(["true", "proxy.example.org", "10.0.0.0/99"])("refuses as proxies, at once and by name: %s", (list) => {
    expect(() => readConfig({ KONTOR_TRUST_PROXY: list }, { dataDirectory: dataDirectory() })).toThrow(
      /KONTOR_TRUST_PROXY: is not a list of addresses/,
    );
  });

  it("says where a file is that cannot be read", () => {
    expect(() => readConfig({}, { dataDirectory: dataDirectory("{ port") })).toThrow(
      /kontor\.config\.json is not a JSON object/,
    );
  });

  it.each([
    ["0.0.0.0:25", { host: "0.0.0.0", port: 25 }],
    [":2525", { host: "0.0.0.0", port: 2_525 }],
    ["[::1]:25", { host: "::1", port: 25 }],
    ["mail.example.com:25", { host: "mail.example.com", port: 25 }],
    ["/run/kontor/lmtp.sock", { path: "/run/kontor/lmtp.sock" }],
  ])("takes mail at %s", (text, listen) => {
    const { smtp } = readConfig({ KONTOR_SMTP_LISTEN: text }, { dataDirectory: dataDirectory() });
    expect(smtp.listen).toEqual(listen);
  });

  it("sends no mail until it is told how, and by the relay when there is one", () => {
    const send = (environment: NodeJS.ProcessEnv) =>
      readConfig(environment, { dataDirectory: dataDirectory() }).smtp.send;
    expect([send({}), send({ KONTOR_SMTP_RELAY_HOST: "x" }), send({ KONTOR_SMTP_SEND: "direct" })]).toEqual([
      "off",
      "relay",
      "direct",
    ]);
  });

  it.each([
    [{ KONTOR_SMTP_LISTEN: "25" }, /KONTOR_SMTP_LISTEN: is not an address/],
    [{ KONTOR_SMTP_LISTEN: "0.0.0.0:99999" }, /KONTOR_SMTP_LISTEN: is not an address/],
    [{ KONTOR_SMTP_NAME: "localhost" }, /KONTOR_SMTP_NAME: is not the full name/],
    [{ KONTOR_SMTP_DNS: "dns.example" }, /KONTOR_SMTP_DNS: is not a list/],
    [{ KONTOR_SMTP_SEND: "relay" }, /KONTOR_SMTP_RELAY_HOST: needed/],
    [{ KONTOR_SMTP_TLS_KEY: "/key" }, /KONTOR_SMTP_TLS_CERT and KONTOR_SMTP_TLS_KEY/],
    [{ KONTOR_SMTP_RELAY_USER: "x" }, /one is of no use without the other/],
    [
      {
        KONTOR_SMTP_RELAY_HOST: "relay.example",
        KONTOR_SMTP_RELAY_USER: "x",
        KONTOR_SMTP_RELAY_PASSWORD: "y",
        KONTOR_SMTP_RELAY_SECURITY: "none",
      },
      /would send the password/,
    ],
  ])("refuses %o", (environment, words) => {
    expect(() => readConfig(environment, { dataDirectory: dataDirectory() })).toThrow(words);
  });

  it("is documented, key by key", () => {
    const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
    expect(
      Object.entries(configKeys).filter(
        ([key, { words }]) => !page.includes(`| \`${key}\` |`) || !page.includes(words),
      ),
    ).toEqual([]);
  });
});
