import { newId } from "@kontor/shared/base";
import type { GuardedOffice, Target } from "./guardedOffice.ts";
import type { Probe } from "./probes.ts";

/** Doors of accounts at providers that ask no policy, each looked at by somebody who says why that is right. */
export const accountOwnDoors: Readonly<Record<string, string>> = {
  "get /mail/providers": "providers that are the same for everybody",
  "post /mail/accounts/discover": "asks the DNS about an address that the caller names",
  "post /mail/accounts/test": "signs in with what the caller brings, and keeps nothing",
  "post /mail/accounts": "an account of the caller's own",
  "post /mail/oauth": "begins a sign-in of the caller's own",
  "get /mail/oauth/callback": "a browser without a session; what it brings finishes nothing by itself",
  "post /mail/oauth/finish": "finishes a sign-in that the caller began",
};

/** A new account, switched off: there is no provider to go to. */
async function anAccount(_target: Target, { test, userIds }: GuardedOffice): Promise<string> {
  const id = newId();
  await test.pool.query(
    `insert into mailbox (id, kind, owner_id, name, address) values ($1, 'external', $2, 'Guarded account', $3)`,
    [id, userIds.everything, `${id}@far.example`],
  );
  await test.pool.query(
    `insert into mail_account (mailbox_id, user_name, auth, imap_host, imap_port, imap_security, smtp_host, smtp_port,
       smtp_security, secret_sealed, state)
     values ($1, 'guarded', 'password', 'imap.far.example', 993, 'tls', 'smtp.far.example', 465, 'tls', '\\x00', 'off')`,
    [id],
  );
  return id;
}

export const accountProbes: Readonly<Record<string, Probe>> = {
  "get /mail/accounts/:id": {
    kind: "reads",
    readOnlyMayNot: true, // how an account is reached is for those who manage it
    maskedMay: true,
    shows: "imap.far.example",
    request: async (target, office) => ({ path: `/mail/accounts/${await anAccount(target, office)}` }),
  },
  "patch /mail/accounts/:id": {
    kind: "changes",
    maskedMay: true, // what an account is and what lies in it are two rights
    request: async (target, office) => ({
      path: `/mail/accounts/${await anAccount(target, office)}`,
      body: { name: newId() },
    }),
  },
  "delete /mail/accounts/:id": {
    kind: "changes",
    maskedMay: true,
    request: async (target, office) => ({ path: `/mail/accounts/${await anAccount(target, office)}` }),
  },
  "post /mail/accounts/:id/look": {
    kind: "changes",
    request: async (target, office) => ({ path: `/mail/accounts/${await anAccount(target, office)}/look`, body: {} }),
  },
};
