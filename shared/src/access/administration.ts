import { z } from "zod";
import type { Json, JsonObject } from "../base/index.ts";
import { type Effect, type Policy, redactions } from "./access.model.ts";

/**
 * What the console and other programs say to the server about policies, below `/api/access`: the shapes of drafts,
 * checks, versions, dry runs and of "view as". Times are ISO 8601 in UTC; revisions are texts of digits.
 */
const policies = z.array(z.custom<Policy>((value) => typeof value === "object" && value !== null)).max(2_000);
const moment = z.string();
export const personRef = z.object({ id: z.uuid(), name: z.string() });

/* ---------- the set in force, and what the form offers ---------- */

export const attributeKinds = ["text", "number", "boolean", "date", "dateTime", "id", "ids", "texts", "money"] as const;

const words = z.union([z.string(), z.object({ en: z.string(), ru: z.string() })]);
const vocabularyAttribute = z.object({
  /** Without its prefix: `department`, `counterparty.state`. */
  name: z.string(),
  kind: z.enum(attributeKinds),
  label: words.optional(),
  /** What it can be, where that is known: states, options of a choice. */
  options: z.array(z.object({ value: z.string(), label: words })).optional(),
  /** What `GET /access/values` can be asked for: people, departments, groups, positions. */
  of: z.enum(["person", "department", "group", "position"]).optional(),
});
/** Everything that a policy may mention: the form's menus and the JSON editor's completions. */
export const vocabularySchema = z.object({
  resources: z.array(
    z.object({
      name: z.string(),
      label: words.optional(),
      onlyByName: z.boolean(),
      actions: z.array(z.object({ name: z.string(), label: words.optional() })),
      sections: z.array(
        z.object({
          name: z.string(),
          label: words.optional(),
          fields: z.array(z.object({ name: z.string(), label: words.optional() })),
        }),
      ),
      attributes: z.array(vocabularyAttribute),
    }),
  ),
  subject: z.array(vocabularyAttribute),
  context: z.array(vocabularyAttribute),
});
export type Vocabulary = z.output<typeof vocabularySchema>;

/* ---------- drafts ---------- */

export const draftHeadSchema = z.object({
  id: z.uuid(),
  title: z.string(),
  /** The published set that it was begun from, or was last brought up to. */
  baseRev: z.string(),
  /** Grows by one with each save: whoever saves says which one they saw. */
  version: z.int(),
  updatedAt: moment,
  /** Absent: the server left it, because changed packs could not be merged with the set in force. */
  updatedBy: personRef.optional(),
  /** Why the server left it, and what stands against publishing it. */
  note: z.string().optional(),
});
/** Without the built-in policies, which cannot be changed. */
export const draftSchema = draftHeadSchema.extend({ policies });
export type Draft = z.output<typeof draftSchema>;
export const saveDraftSchema = z.strictObject({
  title: z.string().trim().min(1).max(200),
  version: z.int().min(1),
  policies,
});

/** `fromRev`: the published set that it begins with; default: the one in force. */
export const createDraftSchema = z.strictObject({
  title: z.string().trim().min(1).max(200),
  fromRev: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
});
/** `confirm` is the draft's title, typed; `baseRev` the set in force that the administrator looked at. */
export const publishDraftSchema = z.strictObject({
  version: z.int().min(1),
  baseRev: z.string(),
  confirm: z.string().max(200),
});
/** What is checked is the list as given: not yet a draft, or not saved. */
export const checkSchema = z.strictObject({ policies });

export const policyFaultSchema = z.object({
  /** Absent where the set as a whole is meant. */
  policyId: z.string().optional(),
  /** Index of the policy in the list that was checked. */
  index: z.int().optional(),
  /** Within the policy: `.when.and[0].eq[1]`; empty for the policy as such. */
  place: z.string(),
  words: z.string(),
});
export const exampleResultSchema = z.object({
  policyId: z.string(),
  index: z.int(),
  name: z.string().optional(),
  expected: z.enum(["allow", "deny"]) satisfies z.ZodType<Effect>,
  passed: z.boolean(),
});
/** Examples are run only where there are no faults. `publishable`: no faults, every example passes, nobody is locked out. */
export const checkReplySchema = z.object({
  publishable: z.boolean(),
  faults: z.array(policyFaultSchema),
  examples: z.array(exampleResultSchema),
});
export type CheckReply = z.output<typeof checkReplySchema>;

/** Set by policy, where both the draft and the published set changed the same one. */
export const rebaseReplySchema = z.object({ draft: draftSchema, conflicts: z.array(z.string()) });

/* ---------- versions ---------- */

export const versionHeadSchema = z.object({
  rev: z.string(),
  publishedAt: moment,
  /** Absent: the server, when it started with changed packs. */
  publishedBy: personRef.optional(),
  source: z.enum(["packs", "administrator", "revert"]),
  /** Of a revert: which set is in force again. */
  revertOf: z.string().optional(),
  title: z.string().optional(),
  policyCount: z.int(),
  inForce: z.boolean(),
});
export type VersionHead = z.output<typeof versionHeadSchema>;

export const versionSchema = versionHeadSchema.extend({ policies });
export type Version = z.output<typeof versionSchema>;
/** `confirm` is the number of the version to go back to, typed; `baseRev` the set in force that is taken back. */
export const revertSchema = z.strictObject({ baseRev: z.string(), confirm: z.string().max(200) });
/** What the caller may take back (`POST /access/take-back`) without being an administrator: their own set, while it is in force (POL-9). */
export const revertibleSchema = z.object({
  inForce: versionHeadSchema.optional(),
  previous: versionHeadSchema.optional(),
});

/** What is in force; `stale` says which policies no longer fit the types, and what is done instead of them. */
export const policySetSchema = z.object({
  rev: z.string(),
  publishedAt: moment,
  publishedBy: z.string().nullable(),
  source: versionHeadSchema.shape.source,
  title: z.string().optional(),
  /** Ids of the policies that are part of every set and cannot be changed. */
  builtIn: z.array(z.string()),
  stale: z.array(policyFaultSchema.extend({ effect: z.enum(["not-applied", "denies-whole", "examples-dropped"]) })),
  policies,
});
export type PolicySetReply = z.output<typeof policySetSchema>;

const place = z.object({ place: z.string(), before: z.custom<Json>().optional(), after: z.custom<Json>().optional() });
export const policyDiffSchema = z.object({
  added: policies,
  removed: policies,
  changed: z.array(
    z.object({ id: z.string(), before: z.custom<Policy>(), after: z.custom<Policy>(), places: z.array(place) }),
  ),
});
export type PolicyDiff = z.output<typeof policyDiffSchema>;

/* ---------- dry run ---------- */

const counts = z.object({
  /** Records that become readable, or are not any more. */
  gained: z.int(),
  lost: z.int(),
  /** Records that stay readable, of which fields appear, disappear or are shown otherwise. */
  changed: z.int(),
});
export const dryRunSchema = z.object({
  id: z.uuid(),
  draftId: z.uuid(),
  /** The draft's version that was run, and the set that it was compared with. */
  draftVersion: z.int(),
  baseRev: z.string(),
  state: z.enum(["waiting", "running", "done", "failed", "cancelled"]),
  /** Of pages of records and of users, for each type; how many pages there are is an estimate. */
  progress: z.object({ done: z.int(), total: z.int() }),
  startedAt: moment,
  finishedAt: moment.optional(),
  words: z.string().optional(),
  result: z
    .object({
      users: z.int(),
      records: z.int(),
      /** Over all users; a record that ten users lose counts ten times. */
      total: counts,
      usersGaining: z.int(),
      usersLosing: z.int(),
      /** Devices on which rows are removed, and how many rows in all, with what hangs on the records. */
      devicesPurging: z.int(),
      rowsPurged: z.int(),
      byType: z.array(counts.extend({ type: z.string() })),
      byDepartment: z.array(
        counts.extend({ departmentId: z.string().nullable(), name: words, users: z.int(), devices: z.int() }),
      ),
    })
    .optional(),
});
export type DryRun = z.output<typeof dryRunSchema>;

export const dryRunPersonSchema = counts.extend({
  userId: z.uuid(),
  name: z.string(),
  departmentId: z.string().nullable(),
  devices: z.array(z.object({ id: z.string(), name: z.string(), lastSeenAt: moment, rowsPurged: z.int() })),
  byType: z.array(
    counts.extend({
      type: z.string(),
      /** Of records that stay readable: of which more, or less, is shown than before. */
      fieldsGained: z.array(z.string()),
      fieldsLost: z.array(z.string()),
      samples: z.array(z.object({ id: z.uuid(), title: z.string(), effect: z.enum(["gained", "lost", "changed"]) })),
    }),
  ),
});
export type DryRunPerson = z.output<typeof dryRunPersonSchema>;

/* ---------- asking ---------- */

/** What an administrator may suppose about the question; what is absent is as it is now. */
export const supposedContext = z.strictObject({
  time: z.iso.datetime().optional(),
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  channel: z.enum(["desktop", "console", "api", "job"]).optional(),
  offline: z.boolean().optional(),
  deviceTrusted: z.boolean().optional(),
  factorLevel: z.int().min(0).max(9).optional(),
  secondFactorAt: z.iso.datetime().optional(),
});

/* ---------- view as ---------- */

const viewedBy = { userId: z.uuid(), draftId: z.uuid().optional(), context: supposedContext.optional() };
export const viewRecordsSchema = z.strictObject({
  ...viewedBy,
  type: z.string().min(1).max(100),
  limit: z.int().min(1).max(200).default(50),
  cursor: z.string().max(2_000).optional(),
});
export const viewRecordSchema = z.strictObject({ ...viewedBy, id: z.uuid() });

/** A `RecordDoc`; access does not know what records are. */
type ViewedDoc = JsonObject;
const fieldAccess = z.union([z.enum(["visible", "absent"]), z.object({ redact: z.enum(redactions) })]);
/** As the user would be sent them: a document is a `RecordDoc`. */
export const viewedRecordsSchema = z.object({
  records: z.array(z.custom<ViewedDoc>()),
  nextCursor: z.string().optional(),
});
export const viewedRecordSchema = z.object({
  type: z.string(),
  readable: z.boolean(),
  /** Absent where it cannot be read. */
  record: z.custom<ViewedDoc>().optional(),
  /** In the order of the type; `policyId` decided: it shows the field, or takes it away. */
  fields: z.array(
    z.object({
      name: z.string(),
      section: z.string(),
      access: fieldAccess,
      editable: z.boolean(),
      policyId: z.string().optional(),
    }),
  ),
  /** Every action of the type. */
  can: z.array(z.object({ action: z.string(), allowed: z.boolean(), policyId: z.string().optional() })),
});
export type ViewedRecord = z.output<typeof viewedRecordSchema>;

/* ---------- values ---------- */

export const valueKinds = ["person", "department", "group", "position"] as const;
/** `search` finds by name and by the exact value. */
export const valuesQuerySchema = z.object({
  of: z.enum(valueKinds),
  search: z.string().trim().max(200).default(""),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export const valuesSchema = z.object({
  values: z.array(z.object({ value: z.string(), label: z.object({ en: z.string(), ru: z.string() }) })),
});
export type AttributeValue = z.output<typeof valuesSchema>["values"][number];
