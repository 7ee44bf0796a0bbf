import { InvalidArgumentError, type Command, type Option } from "commander";
import { systemClock } from "@kontor/shared/base";
import { chainEntries, readChain, verifyAndNote, type KnownHead, type Verification } from "#audit";
import type { Office } from "../main.office.ts";

interface Options {
  readonly data?: string;
  readonly json?: boolean;
}

export interface AuditCommandDeps {
  dataOption(): Option;
  jsonOption(): Option;
  withOffice(options: Options, act: (office: Office) => Promise<void>): Promise<void>;
  print(options: Options, value: unknown, text: string): void;
}

/** `kontor audit …`: beside a running server or alone. */
export function addAuditCommands(
  program: Command,
  { dataOption, jsonOption, withOffice, print }: AuditCommandDeps,
): void {
  const audit = program.command("audit").description("the audit log: who did what, and whether the log is whole");

  audit
    .command("verify")
    .description("walk the whole chain; ends with 1 and the first wrong entry when the log was tampered with")
    .option(
      "--expect <number:hash>",
      "a head that was noted earlier, outside of the database; may be given several times",
      (text: string, before: readonly KnownHead[]) => [...before, parseHead(text)],
      [] as readonly KnownHead[],
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((options: Options & { expect: readonly KnownHead[] }) =>
      withOffice(options, async ({ db }) => {
        await chainEntries(db);
        const by = { channel: "cli" as const };
        const found = await verifyAndNote(db, { clock: systemClock, by, expect: options.expect });
        print(options, found, wordsOf(found));
        if (!found.ok) process.exitCode = 1;
      }),
    );

  audit
    .command("head")
    .description("the last number and its hash: note it where nobody who administers the database can change it")
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((options: Options) =>
      withOffice(options, async ({ db }) => {
        await chainEntries(db);
        const { lastNumber, lastHash } = await readChain(db);
        const head: KnownHead = { number: lastNumber, hash: lastHash.toString("hex") };
        print(options, head, `${head.number}:${head.hash}`);
      }),
    );
}

function parseHead(text: string): KnownHead {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  if (number === undefined || hash === undefined)
    throw new InvalidArgumentError("A head is a number, a colon and 64 hex digits, as `kontor audit head` prints it.");
  return { number: Number(number), hash: hash.toLowerCase() };
}

function wordsOf({ ok, checked, firstNumber, lastNumber, lastHash, unchained, fault }: Verification): string {
  const waiting = unchained > 0 ? `\n${unchained} entries are too new to have a number.` : "";
  if (ok) {
    const range = checked > 0 ? `, ${firstNumber} to ${lastNumber}` : "";
    return `The audit log is whole: ${checked} entries${range}.\nHead ${lastNumber}:${lastHash}${waiting}`;
  }
  return `THE AUDIT LOG WAS TAMPERED WITH. ${fault?.words ?? ""}\n${checked} entries before it are right.${waiting}`;
}
