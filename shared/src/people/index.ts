export { signInRequestSchema, signInResponseSchema, serverInfoSchema } from "./signIn.schema.ts";
export type { ServerInfo, SignInRequest, SignInResponse } from "./signIn.schema.ts";
export type { DepartmentDoc, GroupDoc, PersonDoc, PositionDoc } from "./people.docs.ts";
