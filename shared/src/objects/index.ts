export type {
  ChoiceOption,
  FieldDefinition,
  FieldKind,
  ListLayout,
  RecordCheck,
  SectionDefinition,
  StateMachine,
  Tone,
  TransitionDefinition,
  TypeDefinition,
} from "./type.ts";
export type { FieldConflict, HistoryChange, HistoryDoc, RecordCan, RecordDoc } from "./record.docs.ts";
export { recordIntentSchemas } from "./record.intents.ts";
export type { RecordIntentArgs, RecordIntentName } from "./record.intents.ts";
export { checkTypes, defineType } from "./defineType.ts";
export { typeSchema } from "./type.schema.ts";
export { fieldLimits, isEmptyValue, parseFieldValue, problemOf } from "./fieldValue.ts";
export type { FieldResult } from "./fieldValue.ts";
export {
  checkRecord,
  checkValues,
  dayIn,
  failedChecks,
  missingFor,
  numberFieldOf,
  problemOfCheck,
  titleOf,
  transitionSets,
  withDefaults,
} from "./record.check.ts";
export type { DefaultsFrom, FieldValues } from "./record.check.ts";
export {
  attributesOf,
  departmentOf,
  fieldsOfSection,
  ownerOf,
  recordActions,
  recordAttributes,
  sectionOf,
} from "./attributes.ts";
export { MAX_SORT_KEYS, sortColumnsOf, sortKeyOf, sortKeysOf, textKey } from "./sortKeys.ts";
export { changeOf, describeChange, diff, formatFieldValue, sameValue } from "./record.history.ts";
export type { ChangeText, Names } from "./record.history.ts";
export { replayIntent } from "./replayIntent.ts";
export type { ReplayFrom } from "./replayIntent.ts";
export { fieldReasonWords, recordReasonWords } from "./words.ts";
export type { FieldReason, RecordReason } from "./words.ts";
