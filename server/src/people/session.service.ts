import type { Clock } from "@kontor/shared/base";
import type { SignInRequest } from "@kontor/shared/people";
import { createAuditLog, type AuditActor, type AuditLog, type Database, type Principal } from "#kernel";
import { createAuthenticate, type Authenticate } from "./authenticate.ts";
import { trustDevice } from "./devices.ts";
import { createEnding, type Ending } from "./ending.ts";
import { createGuesses } from "./guesses.ts";
import { createPasswordChange, type PasswordChange } from "./password.change.ts";
import { createPersonalTokens, type PersonalTokens } from "./personalTokens.ts";
import type { ServiceAccounts } from "./services.service.ts";
import { createSignIn, type SignedIn, type SignInFrom } from "./signIn.ts";

/** How people get in, who they are then, and how they are out again. */
export interface SessionService extends Ending, PersonalTokens {
  signIn(request: SignInRequest, from: SignInFrom): Promise<SignedIn>;
  /** The caller's own, with the old one; what is open beside this session ends. */
  changePassword(principal: Principal, change: PasswordChange, ip: string): Promise<void>;
  readonly authenticate: Authenticate;
  /** An administrator vouches for the device, or does not any more; counts from its next request on. */
  trustDevice(deviceId: string, trusted: boolean, by: AuditActor): Promise<void>;
}

export function createSessionService({
  db,
  clock,
  audit = createAuditLog({ db, clock }),
  services,
}: {
  db: Database;
  clock: Clock;
  /** Absent: one of its own. Sharing one writes what is noted at the same moment together. */
  audit?: Pick<AuditLog, "note">;
  /** Absent where no service has an account. */
  services?: Pick<ServiceAccounts, "authenticate">;
}): SessionService {
  const guesses = createGuesses(audit);
  const ending = createEnding({ db, clock });
  return {
    signIn: createSignIn({ db, clock, audit, guesses }),
    changePassword: createPasswordChange({ db, clock, audit, guesses, ending }),
    authenticate: createAuthenticate({ db, clock, services }),
    ...ending,
    trustDevice: (deviceId, trusted, by) => trustDevice({ db, clock }, deviceId, trusted, by),
    ...createPersonalTokens({ db, clock }),
  };
}
