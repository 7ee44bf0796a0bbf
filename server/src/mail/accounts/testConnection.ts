import type { AccountReason } from "@kontor/shared/mail";
import { AccountFailure } from "./account.failure.ts";
import type { AccountSecret, ImapPort } from "./imap.port.ts";
import { presets, type AccountServers, type Preset } from "./presets.ts";
import type { SubmissionCheck } from "./submission.port.ts";

export interface ConnectionTest {
  readonly imap: TestOutcome;
  readonly smtp: TestOutcome;
}

export type TestOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: AccountReason;
      /** The far server's own words, cleaned. */
      readonly message?: string;
      /** A page of the provider's where its owner can mend it. */
      readonly help?: string;
    };

export interface TestDeps {
  readonly imap: ImapPort;
  readonly submission: SubmissionCheck;
}

/** Signs in at both servers and leaves; what fails has its reason. */
export async function testConnection(
  { imap, submission }: TestDeps,
  {
    servers,
    user,
    secret,
  }: { readonly servers: AccountServers; readonly user: string; readonly secret: AccountSecret },
): Promise<ConnectionTest> {
  const preset = presets.find((each) => each.imap.host === servers.imap.host);
  const [reading, sending] = await Promise.all([
    outcomeOf(preset, async () => {
      const session = await imap.connect({ ...servers.imap, user, secret });
      await session.close();
    }),
    outcomeOf(preset, () => submission.check({ ...servers.smtp, user, secret })),
  ]);
  return { imap: reading, smtp: sending };
}

async function outcomeOf(preset: Preset | undefined, act: () => Promise<void>): Promise<TestOutcome> {
  try {
    await act();
    return { ok: true };
  } catch (error) {
    const failure = error instanceof AccountFailure ? error : new AccountFailure("internal", undefined, error);
    const reason = sharpen(failure.reason, preset);
    return {
      ok: false,
      reason,
      ...(failure.words !== undefined && { message: failure.words }),
      ...(preset?.help !== undefined && reason.startsWith("auth") && { help: preset.help }),
    };
  }
}

/** Providers that take only an application's own password say no more than "wrong password" to the account's. */
function sharpen(reason: AccountReason, preset: Preset | undefined): AccountReason {
  if (reason !== "auth" || !preset) return reason;
  return ({ app: "auth.appPassword", none: "auth.method", account: "auth" } as const)[preset.password];
}
