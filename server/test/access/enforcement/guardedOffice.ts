import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKontor, type Kontor } from "@kontor/server/main";
import type { Policy } from "@kontor/shared/access";
import { newId, systemClock } from "@kontor/shared/base";
import { readConfig } from "#config";
import { createPeopleService, createSessionService } from "#people";
import { createTestDatabase, type TestDatabase } from "#testing";
import { createDiskBlobs } from "../../../src/adapters/disk/index.ts";
import { samplePdf } from "../../../src/adapters/pages/samples.ts";
import type { Client } from "../../files/serverProcess.ts";
import { createMailTargets, mailTestPolicies, type MailTarget } from "./mailTarget.ts";
import { PatientClient } from "./patientClient.ts";

/**
 * A whole server with four people: one who may do everything, one who may only read, one for whom half of a record is
 * masked, and one to whom no policy gives anything; and records full of words by which it shows when something of them
 * comes out where it should not.
 */
export type Who = "everything" | "readOnly" | "masked" | "nothing";
export const everybody: readonly Who[] = ["everything", "readOnly", "masked", "nothing"];

const PASSWORD = "correct horse battery staple";

/** What only somebody who sees the sections "personal" and "pay", and two fields of "main", may ever meet. */
export const secrets = {
  staffNumber: "CANARY-NUMBER",
  workPhone: "+49 555 0142857",
  address: "CANARY-ADDRESS 12",
  payAccount: "CANARY-PAY",
  fileName: "CANARY-FILE.pdf",
} as const;
/** What everybody with a right to read meets, and nobody else. */
export const OPEN = "CANARY-OPEN";
/** What only the reader of a salary sees: more digits than a clock or a stamp has, which hold any five by chance. */
export const SALARY = "31337313373133.00";

/** The set in force, without what is built in. */
export const policies: readonly Policy[] = [
  {
    id: "everything",
    title: "Do everything",
    effect: "allow",
    resource: "*",
    actions: ["*"],
    when: { has: ["sub.groups", "everything"] },
  },
  {
    id: "read-only",
    title: "Read everything",
    effect: "allow",
    resource: "*",
    actions: ["read"],
    when: { has: ["sub.groups", "read-only"] },
  },
  {
    id: "masked-types",
    title: "Know the types",
    effect: "allow",
    resource: "objectType",
    actions: ["read"],
    when: { has: ["sub.groups", "masked"] },
  },
  {
    id: "masked",
    title: "Half of an employee",
    effect: "allow",
    resource: "employee",
    actions: ["*"],
    sections: ["main"],
    mask: { "main.staffNumber": "omit", "main.workPhone": { redact: "all" } },
    when: { has: ["sub.groups", "masked"] },
  },
  ...mailTestPolicies,
];

export interface Target {
  readonly recordId: string;
  /** A stored file in a section that is hidden from the masked one. */
  readonly fileId: string;
  /** A new message in the shared mailbox; what lies there is hidden from the masked one. */
  readonly mail: MailTarget;
}

export interface GuardedOffice {
  readonly kontor: Kontor;
  readonly test: TestDatabase;
  readonly clients: Readonly<Record<Who, Client>>;
  /** Has every right, too. */
  readonly administrator: Client;
  readonly userIds: Readonly<Record<Who, string>>;
  readonly departmentId: string;
  /** A new employee with all secrets and a file; "everything" answers for it. */
  fresh(wish?: { readonly withFile?: boolean }): Promise<Target>;
  /** A sum over everything that a change of records, files or mail would change: equal when nothing changed. */
  contents(): Promise<string>;
  publish(policies: readonly Policy[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startGuardedOffice(): Promise<GuardedOffice> {
  const test = await createTestDatabase();
  const dataDirectory = await mkdtemp(join(tmpdir(), "kontor-guarded-"));
  await chmod(dataDirectory, 0o755);
  const config = readConfig(
    { DATABASE_URL: test.url, KONTOR_LOG_LEVEL: process.env.KONTOR_TEST_LOG ?? "silent" },
    { dataDirectory, port: 0, host: "127.0.0.1" },
  );
  const kontor = await startKontor(config);
  const { access } = kontor.inventory;
  const people = createPeopleService({
    db: test.db,
    sessions: createSessionService({ db: test.db, clock: systemClock }),
    clock: systemClock,
    doorbell: { ring: () => undefined },
  });
  const department = await people.createDepartment({ nameEn: "Staff", nameRu: "Кадры" });
  const userIds = {} as Record<Who, string>;
  const clients = {} as Record<Who, Client>;
  for (const who of everybody) {
    const key = who === "readOnly" ? "read-only" : who;
    const group = await people.createGroup({ key, nameEn: key, nameRu: key });
    const { id } = await people.create({
      login: key,
      name: key,
      password: PASSWORD,
      departmentId: department.id,
      groupIds: [group.id],
    });
    userIds[who] = id;
    clients[who] = await PatientClient.signIn(kontor.url, key);
  }
  const groups = await test.pool.query<{ id: string }>(
    "select id from user_group where key in ('administrators', 'everything')",
  );
  await people.create({
    login: "root",
    name: "root",
    password: PASSWORD,
    groupIds: groups.rows.map(({ id }) => id),
  });
  const administrator = await PatientClient.signIn(kontor.url, "root");
  await access.publish(policies, userIds.everything);
  const papers = await samplePdf();
  const mails = await createMailTargets(test.db, {
    blobs: await createDiskBlobs({ root: join(dataDirectory, "blobs") }),
    memberId: userIds.everything,
    subject: secrets.payAccount,
    address: secrets.address,
  });

  async function fresh({ withFile = true }: { readonly withFile?: boolean } = {}): Promise<Target> {
    const { everything } = clients;
    const number = `${secrets.staffNumber}${newId().slice(-6)}`;
    const made = await everything.json<{ id: string }>("POST", "/api/records", {
      type: "employee",
      fields: {
        fullName: `${OPEN} Smith`,
        person: userIds.everything,
        department: department.id,
        staffNumber: number,
        workPhone: secrets.workPhone,
        address: secrets.address,
        payAccount: secrets.payAccount,
        salary: { amount: SALARY, currency: "EUR" },
      },
    });
    const mail = await mails.fresh();
    if (!withFile) return { recordId: made.id, fileId: newId(), mail };
    const file = await everything.upload(made.id, { name: secrets.fileName, body: papers, field: "papers" });
    return { recordId: made.id, fileId: file.id, mail };
  }

  async function contents(): Promise<string> {
    const { rows } = await test.pool.query<{ text: string }>(`
      select coalesce(sum(hashtextextended(t.text, 0)), 0)::text as text from (
        select 'record ' || record::text as text from record union all
        select 'history ' || record_history::text from record_history union all
        select 'request ' || access_request::text from access_request union all
        select 'file ' || concat_ws(' ', id, record_id, field, name, state, as_link, deleted_at) from file union all
        select 'mailbox ' || mailbox::text from mailbox union all
        select 'member ' || mailbox_member::text from mailbox_member union all
        select 'account ' || mail_account::text from mail_account union all
        select 'folder ' || mail_folder::text from mail_folder union all
        select 'leaving ' || concat_ws(' ', id, state) from mail_outbound union all
        select 'message ' || mail_message::text from mail_message union all
        select 'content ' || concat_ws(' ', id, subject, people, body_text, body_html) from mail_content union all
        select 'link ' || mail_link::text from mail_link union all
        select 'rule ' || mail_rule::text from mail_rule union all
        select 'run ' || id from mail_rule_run union all
        select 'webhook ' || concat_ws(' ', id, url, events, state, secret_sealed) from webhook union all
        select 'event ' || id from webhook_event union all
        select 'contact ' || contact::text from contact union all
        select 'settings ' || mail_settings::text from mail_settings
      ) as t`);
    return rows[0]?.text ?? "";
  }

  return {
    kontor,
    test,
    clients,
    administrator,
    userIds,
    departmentId: department.id,
    fresh,
    contents,
    publish: async (changed) => void (await access.publish(changed, userIds.everything)),
    async stop() {
      await kontor.stop();
      await test.drop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
