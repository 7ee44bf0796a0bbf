import { z } from "zod";
import type { Effect, Policy } from "./access.model.ts";

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
  updatedBy: personRef,
});
/** Without the built-in policies, which cannot be changed. */
export const draftSchema = draftHeadSchema.extend({ policies });
export type Draft = z.output<typeof draftSchema>;
export const saveDraftSchema = z.strictObject({
  title: z.string().trim().min(1).max(200),
  version: z.int().min(1),
  policies,
});

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

const place = z.object({ place: z.string(), before: z.json().optional(), after: z.json().optional() });
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
  /** Of groups of equal users by type. */
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
});
