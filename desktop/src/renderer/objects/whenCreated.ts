/** What is to be done with the next record of a type that is created from the form: it was begun out of something else. */
let waiting: { readonly type: string; readonly act: (recordId: string) => void } | undefined;

export function whenCreated(type: string, act: (recordId: string) => void): void {
  waiting = { type, act };
}

export function created(type: string, recordId: string): void {
  if (waiting?.type === type) waiting.act(recordId);
  waiting = undefined;
}

/** The form was left: a later record has nothing to do with it. */
export function notCreated(type: string): void {
  if (waiting?.type === type) waiting = undefined;
}
