import { ownAnswers } from "@kontor/shared/mail";
import type { Database } from "#kernel";
import { AccountFailure } from "../accounts/account.failure.ts";
import { findAccount } from "../accounts/accounts.repo.ts";
import type { Credentials } from "../accounts/credentials.ts";
import type { Route } from "./transport.port.ts";

/** How mail of an external account leaves: as its provider wants it, in its owner's name. */
export async function accountRoute(
  {
    db,
    credentials,
    ca,
  }: { readonly db: Database; readonly credentials: Pick<Credentials, "of">; readonly ca: string | undefined },
  accountId: string,
  /** The provider refused the last sign-in: a token that looks good is not. */
  isRefused: boolean,
): Promise<Route | { readonly kind: "none"; readonly words: string }> {
  const account = await findAccount(db, accountId);
  if (!account || account.state === "off") return { kind: "none", words: ownAnswers.accountOff };
  try {
    const { user, secret } = await credentials.of(accountId, { isRefused });
    return {
      kind: "account",
      host: account.smtp_host,
      port: account.smtp_port,
      security: account.smtp_security,
      ...(ca !== undefined && { ca }),
      auth:
        secret.kind === "password" ? { user, password: secret.password } : { user, accessToken: secret.accessToken },
    };
  } catch (error) {
    if (!(error instanceof AccountFailure)) throw error;
    return { kind: "none", words: ownAnswers.accountRefused };
  }
}
