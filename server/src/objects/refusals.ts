import { DomainError, type ErrorCode, type ErrorDetails, type FieldProblem } from "@kontor/shared/base";
import { recordReasonWords, type RecordReason } from "@kontor/shared/objects";

const codes = {
  "record.notFound": "notFound",
  "record.noType": "notFound",
  "record.invalid": "invalid",
  "record.create.forbidden": "forbidden",
  "record.edit.forbidden": "forbidden",
  "record.delete.forbidden": "forbidden",
  "record.restore.forbidden": "forbidden",
  "record.transition.forbidden": "forbidden",
  "record.transition.unknown": "invalid",
  "record.transition.state": "conflict",
  "record.transition.incomplete": "invalid",
  "record.deleted": "conflict",
  "record.exists": "conflict",
  "record.noConflict": "conflict",
  "record.changed": "conflict",
  "record.taken": "conflict",
} satisfies Record<RecordReason, ErrorCode>;

export const refusal = (reason: RecordReason, details: Omit<ErrorDetails, "reason"> = {}): DomainError =>
  new DomainError(codes[reason], inWords(reason, details.problems), { reason, ...details });

/** The message alone should say what is wrong, for programs that log nothing else. */
const inWords = (reason: RecordReason, problems: readonly FieldProblem[] = []): string =>
  [recordReasonWords[reason].en, ...problems.map(({ field, message }) => `${field}: ${message}`)].join(" ");
