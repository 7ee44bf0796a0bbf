import { importRequest } from "#access";
import { recordChanges, type Transaction } from "#kernel";
import { personOf } from "./company.ts";
import type { DemoContract } from "./contracts.ts";
import { demoId } from "./random.ts";

const DAY_MS = 86_400_000;

/** James works on what Ivan has, in another department: one contract is open to him for two weeks, for one he asks. */
export async function importRequests(
  trx: Transaction,
  { contracts, now }: { readonly contracts: readonly DemoContract[]; readonly now: number },
): Promise<void> {
  const [ivan, james] = [personOf("ivan"), personOf("james")];
  const inDays = (days: number) => new Date(now + days * DAY_MS).toISOString();
  const [granted, wanted] = contracts.filter(
    ({ responsible, state }) => responsible.id === ivan.id && state === "signed",
  );
  if (!granted || !wanted) return;
  const asked = { requester: james.id, type: "contract", level: "read", sections: null, hidden: true } as const;
  const unanswered = { answer: null, answered_by: null, answered_at: null, ended_by: null, ended_at: null };
  const notGranted = { granted_level: null, granted_sections: null, granted_until: null };
  const rows = [
    {
      ...asked,
      ...unanswered,
      id: demoId("request", "granted"),
      record_id: granted.record.id,
      until: inDays(14),
      why: "The customer's Polish branch asks for the same terms; I would like to quote from yours.",
      created_at: inDays(-2),
      recipients: [ivan.id],
      state: "granted",
      answer: "Пожалуйста. Сроки оплаты у них особые, позвони, если что.",
      answered_by: ivan.id,
      answered_at: inDays(-1),
      granted_level: "read",
      granted_sections: ["main", "terms"],
      granted_until: inDays(14),
    },
    {
      ...asked,
      ...unanswered,
      ...notGranted,
      id: demoId("request", "open"),
      record_id: wanted.record.id,
      until: inDays(7),
      why: "We share this customer. I need the payment terms before Thursday's call.",
      created_at: inDays(-0.1),
      recipients: [ivan.id],
      state: "open",
    },
  ] as const;
  for (const row of rows) await importRequest(trx, row);
  await recordChanges(
    trx,
    rows.map(({ id }) => ({ collection: "accessRequests", id })),
  );
}
