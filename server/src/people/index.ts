export { checkNewPassword, hashPassword } from "./password.ts";
export { peopleCollections, peopleResources } from "./people.collections.ts";
export { ADMINISTRATORS, peopleTables } from "./people.tables.ts";
export type { PeopleTables } from "./people.tables.ts";
export { createSessionService } from "./session.service.ts";
export type { Ended, SessionService } from "./session.service.ts";
export { signInEndpoints } from "./signIn.endpoints.ts";
export { loadSubject } from "./subject.ts";
