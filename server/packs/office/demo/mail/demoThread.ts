import type { DemoCompany } from "../records.ts";

/** What the threads of the demo company are written in; `demoMail.ts` makes messages of them. */
export interface DemoThread {
  readonly key: string;
  readonly locale: "en" | "ru";
  /** `{contract}` and the like are numbers of records, so that the thread is linked to them. */
  readonly subject: string;
  readonly mails: readonly DemoLetterMail[];
}

export interface DemoLetterMail {
  /** A login, a shared mailbox (`office`, `sales`) or somebody outside (`outside.ts`). */
  readonly from: string;
  /** Who wrote it in the name of a shared mailbox. */
  readonly by?: string;
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly daysAgo: number;
  readonly at: readonly [hour: number, minute: number];
  /** Paragraphs. */
  readonly text: readonly string[];
  readonly attach?: readonly DemoAttachment[];
  /** By login or shared mailbox: how it is marked there. Read by everybody else. */
  readonly marks?: Readonly<Record<string, DemoMarks>>;
}

export interface DemoMarks {
  readonly unread?: true;
  readonly flagged?: true;
  readonly answered?: true;
  readonly labels?: readonly string[];
  /** A folder of `demoMail.ts`. */
  readonly folder?: string;
  readonly assignee?: string;
}

export interface DemoAttachment {
  readonly name: string;
  readonly mime: string;
  bytes(company: DemoCompany, numbers: ReadonlyMap<string, string>): Promise<Buffer>;
}
