import { accessAdministration } from "#access";
import { createRecordViews, findResource, policyWordsOf } from "#objects";
import { findValues, namesOf } from "#people";
import type { Office } from "./main.office.ts";

/** Administration of access, with what it asks of records and people: it knows neither. */
export const startAdministration = ({ db, access, audit, clock, types, subjectAttributes }: Office) =>
  accessAdministration({
    db,
    access,
    clock,
    loadResource: (type, id, engine) => findResource(db, engine, { type, id }),
    records: createRecordViews({ db, types, audit }),
    namesOf: (userIds) => namesOf(db, userIds),
    findValues: (query) => findValues(db, query),
    wordsOf: (resource) => policyWordsOf(types, resource),
    subjectWords: (name) => subjectAttributes[name],
  });
