import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { InvalidArgumentError, type Command, type Option } from "commander";
import type { CheckReply, PolicyDiff } from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { createVersions, type PolicySetHead } from "#access";
import { namesOf } from "#people";
import type { Office } from "../main.office.ts";

interface Options {
  readonly data?: string;
  readonly json?: boolean;
}

export interface PolicyCommandDeps {
  dataOption(): Option;
  jsonOption(): Option;
  withOffice(options: Options, act: (office: Office) => Promise<void>): Promise<void>;
  print(options: Options, value: unknown, text: string): void;
}

const MAX_FILE_BYTES = 8 << 20; // as much as the console may send
const BY_HAND = { channel: "cli" } as const;

/** `kontor policy …`: beside a running server, which notices at once, or alone, when nobody can sign in any more (POL-9). */
export function addPolicyCommands(program: Command, deps: PolicyCommandDeps): void {
  const { dataOption, jsonOption, withOffice, print } = deps;
  const policy = program.command("policy").description("the policies that decide who may do what");
  const command = (name: string, description: string) =>
    policy.command(name).description(description).addOption(dataOption()).addOption(jsonOption());

  command("list", "every set that was published, newest first")
    .option("--limit <number>", "how many", parseLimit, 20)
    .action((options: Options & { limit: number }) =>
      withOffice(options, async (office) => {
        const heads = await versionsOf(office).list({ limit: options.limit });
        print(options, heads, heads.map((head) => lineOf(head, office.access.published().rev)).join("\n"));
      }),
    );

  command("show <rev>", "one set that was published").action((rev: string, options: Options) =>
    withOffice(options, async ({ access }) => {
      const set = await access.setOf(rev);
      print(options, set, JSON.stringify(set.policies, null, 2));
    }),
  );

  command("export", "the set in force, as `publish` takes it").action((options: Options) =>
    withOffice(options, async ({ access }) => {
      const policies = access.policies();
      print(options, policies, JSON.stringify(policies, null, 2));
    }),
  );

  command(
    "check <file>",
    "what speaks against publishing a file; `-` reads standard input. Ends with 1 when something does",
  ).action((file: string, options: Options) =>
    withOffice(options, async ({ access }) => {
      const found = await access.check(await readPolicyFile(file));
      print(options, found, checkWords(found));
      if (!found.publishable) process.exitCode = 1;
    }),
  );

  command("diff <from> <to>", "what differs between two sets; each is a number or draft:<id>").action(
    (from: string, to: string, options: Options) =>
      withOffice(options, async (office) => {
        const found = await versionsOf(office).diff(from, to);
        print(options, found, diffWords(found));
      }),
  );

  command("publish <file>", "put a file into force as a whole; `-` reads standard input")
    .option("--base <rev>", "refuse if another set than this one is in force")
    .option("--title <words>", "what it is about")
    .action((file: string, options: Options & { base?: string; title?: string }) =>
      withOffice(options, async ({ access }) => {
        const own = await readPolicyFile(file);
        const set = await access.replace(async (_trx, newest) => {
          if (options.base !== undefined && options.base !== String(newest.rev))
            throw new DomainError("conflict", `Version ${newest.rev} is in force, and not ${options.base}.`, {
              reason: "access.publishedMeanwhile",
            });
          return { own, source: "administrator", by: null, actor: BY_HAND, title: options.title ?? null };
        });
        print(options, { rev: set.rev }, `Version ${set.rev} is in force: ${set.policyCount} policies.`);
      }),
    );

  command("revert <rev>", "go back to a set that was published, as a new one").action((rev: string, options: Options) =>
    withOffice(options, async (office) => {
      const set = await versionsOf(office).revertByHand(rev);
      print(options, { rev: set.rev }, `Version ${set.rev} is in force, and says what ${rev} said.`);
    }),
  );

  command("reset", "publish what the installed packs say, and nothing else").action((options: Options) =>
    withOffice(options, async ({ access }) => {
      const set = await access.replace(async () => ({
        own: access.packs(),
        source: "packs",
        by: null,
        actor: BY_HAND,
      }));
      print(options, { rev: set.rev }, `Version ${set.rev} is in force: the ${set.policyCount} policies of the packs.`);
    }),
  );
}

const versionsOf = ({ db, access }: Office) =>
  createVersions({ db, access, namesOf: (userIds) => namesOf(db, userIds) });

async function readPolicyFile(file: string): Promise<readonly unknown[]> {
  const content = await (file === "-" ? text(process.stdin) : readFile(file, "utf8")).catch((error: Error) => {
    throw new DomainError("invalid", `${file} cannot be read: ${error.message}`, { reason: "policy.file" }, error);
  });
  if (Buffer.byteLength(content) > MAX_FILE_BYTES)
    throw new DomainError("tooLarge", `${file} is larger than ${MAX_FILE_BYTES} bytes.`, { reason: "policy.file" });
  const parsed = parseJson(file, content);
  const policies = Array.isArray(parsed) ? parsed : (parsed as { policies?: unknown } | null)?.policies;
  if (!Array.isArray(policies))
    throw new DomainError("invalid", `${file} must hold a list of policies.`, { reason: "policy.file" });
  return policies;
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new DomainError(
      "invalid",
      `${file} is not JSON: ${(error as Error).message}`,
      { reason: "policy.file" },
      error,
    );
  }
}

function lineOf({ rev, publishedAt, source, policyCount, title, revertOf }: PolicySetHead, inForce: number): string {
  const words = [title ?? "", revertOf === null ? "" : `(says what ${revertOf} said)`].filter(Boolean).join(" ");
  const mark = rev === inForce ? "*" : " ";
  return `${mark} ${String(rev).padStart(5)}  ${publishedAt}  ${source.padEnd(13)} ${String(policyCount).padStart(4)} policies  ${words}`.trimEnd();
}

function checkWords({ publishable, faults, examples }: CheckReply): string {
  const failed = examples.filter(({ passed }) => !passed);
  return [
    ...faults.map(({ policyId, index, place, words }) => `${policyId ?? index ?? "the set"}${place}: ${words}`),
    ...failed.map(
      ({ policyId, index, name, expected }) =>
        `${policyId}.examples[${index}]: expects ${expected}${name === undefined ? "" : ` (${name})`}, and the policies say the opposite`,
    ),
    publishable ? `Nothing speaks against it: ${examples.length} examples pass.` : "It cannot be published.",
  ].join("\n");
}

function diffWords({ added, removed, changed }: PolicyDiff): string {
  const lines = [
    ...added.map(({ id }) => `+ ${id}`),
    ...removed.map(({ id }) => `- ${id}`),
    ...changed.flatMap(({ id, places }) => [
      `~ ${id}`,
      ...places.map(({ place, before, after }) => `    ${place}: ${shown(before)} → ${shown(after)}`),
    ]),
  ];
  return lines.length > 0 ? lines.join("\n") : "They say the same.";
}

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

function parseLimit(value: string): number {
  const limit = Number(value);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw new InvalidArgumentError("From 1 to 1000.");
  return limit;
}
