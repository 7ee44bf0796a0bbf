#!/usr/bin/env node
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Command, InvalidArgumentError, Option } from "commander";
import { DomainError, isDomainError } from "@kontor/shared/base";
import { examine } from "#admin";
import { configKeys, readConfig } from "#config";
import { checkDatabase, createDatabase, createLog, scopes, version } from "#kernel";
import { normalizeLogin, peopleTables } from "#people";
import { addAuditCommands } from "./cli/audit.command.ts";
import { addMailCommands } from "./cli/mail.command.ts";
import { addPolicyCommands } from "./cli/policy.command.ts";
import { addServiceCommands, checkScope } from "./cli/service.command.ts";
import { examineFiles } from "./main.files.ts";
import type { LoadedDemo } from "../packs/office/demo/index.ts";
import { openOffice, type Office } from "./main.office.ts";
import { createStops } from "./main.stops.ts";
import { startKontor } from "./main.ts";

interface CommonOptions {
  readonly data?: string;
  readonly json?: boolean;
}

const program = new Command("kontor")
  .description("The Kontor server and its tools")
  .version(version)
  .showHelpAfterError();
/** In the audit log: somebody with a shell on the server. */
const BY_HAND = { channel: "cli" } as const;
const dataOption = () => new Option("--data <directory>", "where the database and files are kept (KONTOR_DATA)");
const jsonOption = () => new Option("--json", "print JSON for machines");

program
  .command("serve")
  .description("run the server until it is told to stop")
  .addOption(dataOption())
  .option("--port <number>", "port to listen on; 0 takes a free one (KONTOR_PORT)", parsePort)
  .option("--host <address>", "address to listen on (KONTOR_HOST)")
  .option("--demo", "put the demo company into an installation that does not have it")
  .action(async (options: CommonOptions & { port?: number; host?: string; demo?: boolean }) => {
    const config = readConfig(process.env, { dataDirectory: options.data, port: options.port, host: options.host });
    const starting = startKontor(config, { demo: options.demo ?? false });
    // A signal may come while the database is still starting, and then must not leave it behind. One that comes twice (a
    // terminal's Ctrl+C reaches parent and child) means the same as once.
    let stopping: Promise<void> | undefined;
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.on(
        signal,
        () =>
          (stopping ??= starting
            .then(
              (started) => started.stop(),
              () => undefined,
            ) // why it did not start is said below
            .then(() => process.exit(0))),
      );
    const server = await starting;
    if (stopping) return;
    if (server.demo) console.log(demoWords(server.demo));
    console.log(`Kontor is listening on ${server.url}`);
  });

const user = program.command("user").description("people who may sign in");
user
  .command("create <login> <name>")
  .description("add a person; the password is asked, or read from standard input")
  .option("--email <address>", "mail address")
  .option("--locale <language>", "en or ru", "en")
  .option("--admin", "make them an administrator")
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(
    async (
      login: string,
      name: string,
      options: CommonOptions & { email?: string; locale: string; admin?: boolean },
    ) => {
      if (options.locale !== "en" && options.locale !== "ru")
        throw new DomainError("invalid", "--locale is en or ru.", { reason: "locale.unknown" });
      const { locale } = options;
      const password = await askPassword();
      await withOffice(options, async ({ people, administrators }) => {
        const { id } = await people.create(
          {
            login,
            name,
            password,
            locale,
            ...(options.email ? { email: options.email } : {}),
            ...(options.admin ? { groupIds: [administrators] } : {}),
          },
          BY_HAND,
        );
        print(options, { id, login }, `${name} can sign in as ${login}.`);
      });
    },
  );
user
  .command("password <login>")
  .description("set a person's password and end their sessions")
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (login: string, options: CommonOptions) => {
    const password = await askPassword();
    await withOffice(options, async (office) => {
      await office.people.change(await idOf(office, login), { password }, BY_HAND);
      print(options, { login }, `The password of ${login} is changed.`);
    });
  });
for (const [verb, state] of [
  ["disable", "disabled"],
  ["enable", "active"],
] as const) {
  user
    .command(`${verb} <login>`)
    .description(verb === "disable" ? "switch a person off: their sessions end at once" : "let a person sign in again")
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((login: string, options: CommonOptions) =>
      withOffice(options, async (office) => {
        await office.people.change(await idOf(office, login), { state }, BY_HAND);
        print(options, { login, state }, `${login} is ${state}.`);
      }),
    );
}
user
  .command("list")
  .description("everybody, with their state")
  .addOption(dataOption())
  .addOption(jsonOption())
  .action((options: CommonOptions) =>
    withOffice(options, async ({ db }) => {
      const rows = await peopleTables(db)
        .selectFrom("app_user")
        .select(["id", "login", "name", "state", "email"])
        .orderBy("login")
        .execute();
      print(options, rows, rows.map((row) => `${row.login.padEnd(24)} ${row.state.padEnd(9)} ${row.name}`).join("\n"));
    }),
  );

program
  .command("token <login> <name>")
  .description("make a personal access token for a program; it is printed this once")
  .option("--scope <scope...>", scopes.join(", "), ["read"])
  .addOption(dataOption())
  .addOption(jsonOption())
  .action((login: string, name: string, options: CommonOptions & { scope: string[] }) =>
    withOffice(options, async (office) => {
      const made = await office.sessions.createToken(
        await idOf(office, login),
        { name, scopes: options.scope.map(checkScope) },
        BY_HAND,
      );
      print(options, made, made.token);
    }),
  );

addAuditCommands(program, { dataOption, jsonOption, withOffice, print });
addMailCommands(program, { jsonOption, print });
addPolicyCommands(program, { dataOption, jsonOption, withOffice, print });
addServiceCommands(program, { dataOption, jsonOption, withOffice, print });

program
  .command("config")
  .description("every setting, with its default")
  .addOption(jsonOption())
  .action((options: CommonOptions) => {
    const rows = Object.entries(configKeys).map(([key, { schema, words }]) => ({
      key,
      default: schema.safeParse(undefined).data as unknown,
      words,
    }));
    print(
      options,
      rows,
      rows
        .map((row) => `${row.key}${row.default === undefined ? "" : ` (${String(row.default)})`}\n    ${row.words}`)
        .join("\n"),
    );
  });

program
  .command("doctor")
  .description("check the machine and the parts the server needs")
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (options: CommonOptions) => {
    const config = readConfig(process.env, { dataDirectory: options.data });
    const findings = await examine({
      dataDirectory: config.dataDirectory,
      parts: () => examineFiles(config),
      async checkDatabase() {
        if (config.databaseUrl === undefined) return "embedded, in the data directory";
        const { db, pool } = createDatabase({
          url: config.databaseUrl,
          poolSize: 2,
          log: createLog({ level: "silent" }),
        });
        try {
          return `PostgreSQL ${(await checkDatabase(pool)).version}`;
        } finally {
          await db.destroy();
        }
      },
    });
    print(
      options,
      findings,
      findings
        .map(
          ({ part, state, words }) =>
            `${state === "ok" ? "ok     " : state === "poor" ? "poor   " : "MISSING"}  ${part.padEnd(10)} ${words}`,
        )
        .join("\n"),
    );
    if (findings.some((finding) => finding.state === "missing")) process.exitCode = 1;
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(isDomainError(error) ? error.message : error);
  for (const problem of isDomainError(error) ? (error.details.problems ?? []) : [])
    console.error(`  ${problem.field}: ${problem.message}`);
  process.exit(1);
}

function demoWords({ people, records, files, password, signIns }: LoadedDemo): string {
  const lines = signIns.map(({ login, name, who }) => `  ${login.padEnd(16)} ${name} – ${who.en}`);
  return [
    `Demo company: ${people} people, ${records} records, ${files} files. Sign-ins, all with the password ${password}:`,
    ...lines,
  ].join("\n");
}

/** Opens the database beside a running server, or alone, for one command. */
async function withOffice(options: CommonOptions, act: (office: Office) => Promise<void>): Promise<void> {
  // What a command prints is for machines, too: the log stays out of it.
  const log = createLog({ level: "warn", destination: process.stderr });
  const stops = createStops(log);
  try {
    await act(
      await openOffice(readConfig(process.env, { dataDirectory: options.data }), { log, stops, exclusive: false }),
    );
  } finally {
    await stops.all();
  }
}

async function idOf({ db }: Pick<Office, "db">, login: string): Promise<string> {
  const row = await peopleTables(db)
    .selectFrom("app_user")
    .select("id")
    .where((where) => where.eb(where.fn<string>("lower", ["login"]), "=", normalizeLogin(login)))
    .executeTakeFirst();
  if (!row) throw new DomainError("notFound", `Nobody has the sign-in name ${login}.`, { reason: "person.unknown" });
  return row.id;
}

/** Never as an argument: arguments stand in the process list and in the shell's history. */
async function askPassword(): Promise<string> {
  const isTyped = process.stdin.isTTY;
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() }); // where a terminal would show the letters
  const lines = createInterface({ input: process.stdin, ...(isTyped ? { output: unseen, terminal: true } : {}) });
  if (isTyped) process.stderr.write("Password: ");
  try {
    for await (const line of lines) return line;
    throw new DomainError("invalid", "No password came on standard input.", { reason: "password.missing" });
  } finally {
    lines.close();
    if (isTyped) process.stderr.write("\n");
  }
}

function print(options: CommonOptions, value: unknown, text: string): void {
  console.log(options.json ? JSON.stringify(value, null, 2) : text);
}

function parsePort(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return value;
}
