import { InvalidArgumentError, type Command, type Option } from "commander";
import { DomainError } from "@kontor/shared/base";
import { scopes, type Scope } from "#kernel";
import { MAX_TOKEN_DAYS, peopleTables } from "#people";
import type { Office } from "../main.office.ts";

interface Options {
  readonly data?: string;
  readonly json?: boolean;
}

export interface ServiceCommandDeps {
  dataOption(): Option;
  jsonOption(): Option;
  withOffice(options: Options, act: (office: Office) => Promise<void>): Promise<void>;
  print(options: Options, value: unknown, text: string): void;
}

const DAY_MS = 86_400_000;
const BY_HAND = { channel: "cli" } as const;

/** `kontor service …`: other systems that have an account; beside a running server or alone. */
export function addServiceCommands(program: Command, deps: ServiceCommandDeps): void {
  const { withOffice, print } = deps;
  const service = program.command("service").description("other systems that ask here, or work here by themselves");
  const command = (usage: string, words: string) =>
    service.command(usage).description(words).addOption(deps.dataOption()).addOption(deps.jsonOption());

  command(
    "create <key> <name>",
    "give another system an account; it can do nothing until it has a token and policies allow it",
  )
    .option("--group <key...>", "groups that it belongs to, such as decision-clients", [])
    .option("--contact <words>", "whom to ask about it")
    .action((key: string, name: string, options: Options & { group: string[]; contact?: string }) =>
      withOffice(options, async (office) => {
        const groupIds = await groupsOf(office, options.group);
        const contact = options.contact === undefined ? {} : { contact: options.contact };
        const { id } = await office.services.create({ key: checkKey(key), name, groupIds, ...contact }, BY_HAND);
        print(options, { id, key }, `${name} has the account ${key}. Make a token: kontor service token ${key} <name>`);
      }),
    );

  command("list", "services with their tokens, and when these end").action((options: Options) =>
    withOffice(options, async ({ services }) => {
      const all = await services.list();
      const lines = all.flatMap(({ key, name, state, tokens }) => [
        `${key.padEnd(24)} ${state.padEnd(9)} ${name}`,
        ...tokens.map(
          (token) => `    ${token.id}  ${token.name.padEnd(16)} ${token.scopes.join(",").padEnd(16)} ${endOf(token)}`,
        ),
      ]);
      print(options, all, lines.join("\n"));
    }),
  );

  command("token <key> <name>", "make a token for a service; it is printed this once")
    .option("--scope <scope...>", scopes.join(", "), ["evaluate"])
    .option("--days <number>", `until it ends, at most ${MAX_TOKEN_DAYS}`, parseDays, 365)
    .action((key: string, name: string, options: Options & { scope: string[]; days: number }) =>
      withOffice(options, async ({ services, clock }) => {
        const expiresAt = new Date(clock.now() + options.days * DAY_MS).toISOString();
        const input = { name, scopes: options.scope.map(checkScope), expiresAt };
        const made = await services.createToken(await services.idOf(key), input, BY_HAND);
        print(options, made, made.token);
      }),
    );

  command("withdraw <token-id>", "withdraw one token of a service, by the id that `service list` shows").action(
    (tokenId: string, options: Options) =>
      withOffice(options, async ({ services }) => {
        await services.withdrawToken(tokenId, BY_HAND);
        print(options, { id: tokenId }, "The token is withdrawn.");
      }),
  );

  for (const [verb, state, words] of [
    ["disable", "disabled", "switch a service off: none of its tokens is taken any more"],
    ["enable", "active", "switch a service on again, with the tokens that it has"],
  ] as const)
    command(`${verb} <key>`, words).action((key: string, options: Options) =>
      withOffice(options, async ({ services }) => {
        await services.change(await services.idOf(key), { state }, BY_HAND);
        print(options, { key, state }, `${key} is ${state}.`);
      }),
    );
}

/** What stands at a command line is as foreign as what comes over HTTP. */
export function checkScope(text: string): Scope {
  const scope = scopes.find((known) => known === text);
  if (scope) return scope;
  throw new DomainError("invalid", `There is no scope "${text}": ${scopes.join(", ")}.`, { reason: "token.scope" });
}

function checkKey(key: string): string {
  if (/^[a-z][a-z0-9-]{1,62}$/.test(key)) return key;
  const message = `"${key}" is not a key: 2 to 63 lower-case letters, digits and hyphens, a letter first.`;
  throw new DomainError("invalid", message, { reason: "service.key" });
}

async function groupsOf({ db }: Pick<Office, "db">, keys: readonly string[]): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const rows = await peopleTables(db).selectFrom("user_group").select(["id", "key"]).where("key", "in", keys).execute();
  const missing = keys.find((key) => !rows.some((row) => row.key === key));
  if (missing !== undefined)
    throw new DomainError("notFound", `There is no group ${missing}.`, { reason: "group.unknown" });
  return rows.map(({ id }) => id);
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > MAX_TOKEN_DAYS)
    throw new InvalidArgumentError(`Days are a number from 1 to ${MAX_TOKEN_DAYS}.`);
  return days;
}

function endOf({ expiresAt, state }: { readonly expiresAt: string; readonly state: string }): string {
  const day = expiresAt.slice(0, 10);
  return state === "ended" ? `ended ${day}` : state === "endsSoon" ? `ENDS SOON, ${day}` : `until ${day}`;
}
