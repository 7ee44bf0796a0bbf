import type { Clock } from "@kontor/shared/base";
import type { Database, Endpoint } from "#kernel";
import { accessEndpoints, type AccessEndpointDeps } from "./access.endpoints.ts";
import { createPresenter, type NamesOf } from "./access.presenter.ts";
import type { AccessService } from "./access.service.ts";
import { draftEndpoints } from "./drafts.endpoints.ts";
import { createDrafts, type Drafts } from "./drafts.service.ts";
import { createNameGrants } from "./grants/index.ts";
import { versionEndpoints } from "./versions.endpoints.ts";
import { createVersions, type Versions } from "./versions.service.ts";
import { viewAsEndpoints, type RecordViewsPort } from "./viewAs.endpoints.ts";
import { vocabularyEndpoints, type VocabularyEndpointDeps } from "./vocabulary.endpoints.ts";

/** What administering policies needs of the features that access must not know. */
export interface AdministrationDeps
  extends Pick<AccessEndpointDeps, "loadResource">, Omit<VocabularyEndpointDeps, "access"> {
  readonly db: Database;
  readonly access: AccessService;
  readonly clock: Clock;
  readonly records: RecordViewsPort;
  namesOf: NamesOf;
}

export interface Administration {
  readonly drafts: Drafts;
  readonly versions: Versions;
  readonly endpoints: readonly Endpoint[];
}

/** Drafts, versions, explanation, vocabulary and "view as", with their endpoints below `/api/access`. */
export function accessAdministration(deps: AdministrationDeps): Administration {
  const { db, access, clock, namesOf } = deps;
  const drafts = createDrafts({ db, access, clock, namesOf });
  const versions = createVersions({ db, access, namesOf });
  const present = createPresenter({ namesOf, revInForce: () => access.published().rev });
  return {
    drafts,
    versions,
    endpoints: [
      ...accessEndpoints({
        access,
        drafts,
        loadResource: deps.loadResource,
        nameGrants: createNameGrants({ db, clock }),
      }),
      ...draftEndpoints({ access, drafts, present }),
      ...versionEndpoints({ access, versions, present }),
      ...vocabularyEndpoints(deps),
      ...viewAsEndpoints({ db, access, drafts, records: deps.records, clock }),
    ],
  };
}
