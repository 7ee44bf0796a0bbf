import { DomainError, type ErrorCode, type ErrorDetails } from "@kontor/shared/base";
import { grantReasonWords, type GrantReason } from "@kontor/shared/access";

const codes = {
  "access.type": "invalid",
  "access.section": "invalid",
  "access.onlyPeople": "forbidden",
  "access.over": "invalid",
  "access.tooLong": "invalid",
  "access.tooMany": "rateLimited",
  "access.tooManyOpen": "conflict",
  "access.alreadyAsked": "conflict",
  "access.exists": "conflict",
  "access.unknown": "notFound",
  "access.answered": "conflict",
  "access.notGranted": "conflict",
  "access.noRecord": "conflict",
  "access.wider": "invalid",
  "access.moreThanOwn": "forbidden",
  "access.requesterGone": "conflict",
  "access.denyStands": "conflict",
} satisfies Record<GrantReason, ErrorCode>;

export const refusal = (reason: GrantReason, details: Omit<ErrorDetails, "reason"> = {}): DomainError =>
  new DomainError(
    codes[reason],
    [grantReasonWords[reason].en, ...(details.problems ?? []).map(({ message }) => message)].join(" "),
    { reason, ...details },
  );
