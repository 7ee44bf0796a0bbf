import { DomainError, type FieldProblem } from "@kontor/shared/base";

/* What is wrong with a change of people or their structure, told by the field. */

export const problem = (field: string, reason: string, message: string) =>
  new DomainError("invalid", message, { reason, problems: [{ field, reason, message }] });

/** What the database refuses, since only it sees two changes at once. */
const CONFLICTS: Readonly<Record<string, FieldProblem>> = {
  app_user_login: { field: "login", reason: "login.taken", message: "Another person has this sign-in name." },
  app_user_login_not_service: {
    field: "login",
    reason: "login.service",
    message: "Names that begin with service: are for services.",
  },
  department_code_key: { field: "code", reason: "code.taken", message: "Another department has this code." },
  user_group_key_key: { field: "key", reason: "key.taken", message: "Another group has this key." },
  position_key_key: { field: "key", reason: "key.taken", message: "Another position has this key." },
  app_user_department_id_fkey: {
    field: "departmentId",
    reason: "department.unknown",
    message: "There is no such department.",
  },
  app_user_position_id_fkey: { field: "positionId", reason: "position.unknown", message: "There is no such position." },
  app_user_manager_id_fkey: { field: "managerId", reason: "person.unknown", message: "There is no such person." },
  group_member_group_id_fkey: { field: "groupIds", reason: "group.unknown", message: "There is no such group." },
  department_parent_id_fkey: {
    field: "parentId",
    reason: "department.unknown",
    message: "There is no such department.",
  },
};

export function explainConflict(error: unknown): never {
  const known = CONFLICTS[(error as { constraint?: string }).constraint ?? ""];
  if (!known) throw error;
  throw new DomainError("invalid", known.message, { reason: known.reason, problems: [known] }, error);
}
