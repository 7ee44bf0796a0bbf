export { signInRequestSchema, signInResponseSchema, serverInfoSchema } from "./signIn.schema.ts";
export type { ServerInfo, SignInRequest, SignInResponse } from "./signIn.schema.ts";
export type { DepartmentDoc, GroupDoc, PersonDoc, PositionDoc } from "./people.docs.ts";
export { faultsOfSubjectAttributes, parseSubjectAttribute, subjectAttributeKinds } from "./subjectAttributes.ts";
export type { AttributeFault, SubjectAttribute, SubjectAttributeKind, SubjectAttributes } from "./subjectAttributes.ts";
