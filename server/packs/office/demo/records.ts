import type { ImportedRecord } from "@kontor/server/objects";
import { createCalendar } from "./calendar.ts";
import { createContracts, type DemoContract } from "./contracts.ts";
import { counterpartyRecords } from "./counterparties.ts";
import { employeeRecords } from "./employees.ts";
import { createInvoices, type DemoInvoice } from "./invoices.ts";
import { createIncoming, createOutgoing, type DemoLetter } from "./letters.ts";
import { createChance } from "./random.ts";
import { createTasks } from "./tasks.ts";

export interface DemoCompany {
  readonly contracts: readonly DemoContract[];
  readonly invoices: readonly DemoInvoice[];
  readonly incoming: readonly DemoLetter[];
  readonly outgoing: readonly DemoLetter[];
  readonly tasks: readonly ImportedRecord[];
  readonly employees: readonly ImportedRecord[];
  /** All of them, oldest first: what a record points to comes before it, and numbers grow with time. */
  readonly records: readonly ImportedRecord[];
}

/** The same company each time, with its dates counted from `now`. */
export function createDemoCompany(now: number): DemoCompany {
  const calendar = createCalendar(now);
  const counterparties = counterpartyRecords(calendar, createChance(1));
  const contracts = createContracts(calendar, createChance(2));
  const invoices = createInvoices(contracts, calendar, createChance(3));
  const incoming = createIncoming(contracts, calendar, createChance(5));
  const outgoing = createOutgoing(contracts, incoming, calendar, createChance(6));
  const tasks = createTasks(contracts, calendar, createChance(7));
  const employees = employeeRecords(calendar, createChance(8));
  const dated = [contracts, invoices, incoming, outgoing].flatMap((list) => list.map(({ record }) => record));
  const rest = [...dated, ...tasks, ...employees].sort((a, b) =>
    a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0,
  );
  const records = [...counterparties, ...rest].map((record) => inOrder(record, now));
  return { contracts, invoices, incoming, outgoing, tasks, employees, records };
}

const MINUTE_MS = 60_000;

/** Weekends push steps together: each is at least a minute after the one before. */
function inOrder(record: ImportedRecord, now: number): ImportedRecord {
  let last = Math.min(Date.parse(record.createdAt), now - record.steps.length * MINUTE_MS);
  const createdAt = new Date(last).toISOString();
  const steps = record.steps.map((step) => {
    last = Math.max(last + MINUTE_MS, Math.min(Date.parse(step.at), now));
    return { ...step, at: new Date(last).toISOString() };
  });
  return { ...record, createdAt, steps };
}
