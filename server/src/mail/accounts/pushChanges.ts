import { z } from "zod";
import { isOverQuota, isRefusal } from "./account.failure.ts";
import type { AccountWork } from "./account.work.ts";
import { countAttempt, labelsOfArgs, readPending, removePending, type PendingChange } from "./accounts.repo.ts";
import { appendMessage } from "./appendMessage.ts";
import { giveUp } from "./giveUp.ts";
import type { SelectedFolder } from "./imap.port.ts";
import { labelToKeyword } from "./keyword.ts";
import { markBits, markNames, type Marks } from "./marks.ts";
import { pushFolder } from "./pushFolder.ts";
import { findLeaving, moveArgs, pushMove, type Placed } from "./pushMove.ts";
import { findPlaces, findRemoteFolder, forgetMessages, setFlagsThere } from "./remote.repo.ts";

/** Read at once. A bulk operation on thousands is done in runs of equal changes, each of them a few commands. */
const PENDING = 2_000;
/** In one command: what a server answers within a second. */
const RUN = 500;
/** What is refused is tried so often, once a round: within minutes for what passes by itself, and not for ever. */
const MAX_ATTEMPTS = 5;

/** A full mailbox is not asked again so soon: each time a whole message would be sent in vain. */
const FULL_MS = 10 * 60_000;

/** What a session knows of how full the mailbox is there. */
export interface Room {
  fullUntil: number;
}

/**
 * Does at the provider what was done here, in the order in which it was. What belongs to a message that is lost at the moment
 * waits until it is found, and what is refused until the next time; later changes of the same message or folder wait with it, and
 * all others go on. Refused for the last time, it is taken back here; what only does not fit waits until there is room for it.
 */
export async function pushChanges(work: AccountWork, room: Room): Promise<void> {
  const waiting = new Set<string>();
  let after = 0;
  for (;;) {
    const pending = await readPending(work.db, work.mailboxId, { after, limit: PENDING });
    // That an APPEND of a draft is under way is nothing to be done.
    const toDo = pending.filter(({ kind }) => kind !== "draft");
    for (const run of runsOf(toDo)) await pushRun(work, run, { waiting, room });
    if (pending.length < PENDING) return;
    after = pending.at(-1)?.id ?? after;
  }
}

/** Changes that follow one another and say the same of different messages. */
function runsOf(pending: readonly PendingChange[]): readonly (readonly PendingChange[])[] {
  const runs: PendingChange[][] = [];
  for (const change of pending) {
    const last = runs.at(-1);
    if (last?.[0] && last.length < RUN && isSame(last[0], change)) last.push(change);
    else runs.push([change]);
  }
  return runs;
}

function isSame(a: PendingChange, b: PendingChange): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === "flags") return flagsKey(a) === flagsKey(b);
  if (a.kind === "move") return moveArgs.parse(a.args).toFolderId === moveArgs.parse(b.args).toFolderId;
  return a.kind === "delete";
}

const flagsKey = (change: PendingChange): string => JSON.stringify([marksOfArgs(change), labelsOfArgs(change.args)]);

async function pushRun(
  work: AccountWork,
  run: readonly PendingChange[],
  { waiting, room }: { readonly waiting: Set<string>; readonly room: Room },
): Promise<void> {
  const ready = run.filter(({ message_id, folder_id, kind }) => {
    const key = kind.endsWith("Folder") ? folder_id : message_id;
    return key === null || !waiting.has(key);
  });
  const [first] = ready;
  if (!first) return;
  const wait = (changes: readonly PendingChange[]) => {
    for (const { message_id, folder_id, kind } of changes)
      waiting.add((kind.endsWith("Folder") ? folder_id : message_id) ?? "");
  };
  if (first.kind === "append" && work.clock.now() < room.fullUntil) return wait(ready);
  try {
    if (first.kind === "append") wait(await pushAppends(work, ready));
    else if (first.kind === "flags" || first.kind === "move" || first.kind === "delete")
      wait(await pushMessages(work, first, ready));
    else for (const change of ready) await pushFolder(work, change);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    work.log.info({ mailboxId: work.mailboxId, kind: first.kind, err: error }, "a provider refused a change");
    wait(ready);
    if (!isOverQuota(error)) await refused(work, ready);
    else if (first.kind === "append") room.fullUntil = work.clock.now() + FULL_MS;
  }
}

async function refused(work: AccountWork, changes: readonly PendingChange[]): Promise<void> {
  await countAttempt(
    work.db,
    changes.map(({ id }) => id),
  );
  const last = changes.filter(({ attempts }) => attempts + 1 >= MAX_ATTEMPTS);
  if (last.length > 0) await giveUp(work, last);
}

/* ---------- messages ---------- */

const flagsArgs = z.partialRecord(z.enum(markNames as [keyof typeof markBits]), z.boolean());

function marksOfArgs({ args }: PendingChange): { readonly add: Marks; readonly remove: Marks } {
  // What else stands there is for whoever reads the table.
  const known = Object.fromEntries(Object.entries(args as object).filter(([key]) => key in markBits));
  const values = flagsArgs.parse(known);
  let [add, remove] = [0, 0];
  for (const mark of markNames) {
    if (values[mark] === true) add |= markBits[mark];
    if (values[mark] === false) remove |= markBits[mark];
  }
  return { add, remove };
}

/** Returns the changes that wait, since their messages are lost at the moment. */
async function pushMessages(
  work: AccountWork,
  first: PendingChange,
  run: readonly PendingChange[],
): Promise<readonly PendingChange[]> {
  const places = await findPlaces(
    work.db,
    run.flatMap(({ message_id }) => message_id ?? []),
  );
  const placeOf = ({ message_id }: PendingChange) => places.get(message_id ?? "");
  // What never lay there: when it is put there, it is put as it is then.
  const nowhere = run.filter((change) => placeOf(change) === undefined);
  const lost = run.filter((change) => placeOf(change)?.folder_id === null);
  const leaving = first.kind === "move" ? await findLeaving(work, run) : new Set<PendingChange>();
  const needless = [...nowhere, ...[...leaving].filter((change) => !lost.includes(change))];
  if (needless.length > 0)
    await work.transact((trx) =>
      removePending(
        trx,
        needless.map(({ id }) => id),
      ),
    );
  const placed = run.flatMap((change) => {
    const place = placeOf(change);
    return place?.folder_id == null || place.uid === null || leaving.has(change)
      ? []
      : [{ change, place: { ...place, folder_id: place.folder_id, uid: place.uid } }];
  });
  const moved: PendingChange[] = [];
  for (const [folderId, group] of Map.groupBy(placed, ({ place }) => place.folder_id)) {
    const folder = await findRemoteFolder(work.db, folderId);
    if (!folder) continue;
    const selected = await work.session.select(folder.path);
    if (first.kind === "move") moved.push(...(await pushMove(work, first, { folder, selected, group })));
    // UIDs mean other messages now: they are looked for first.
    else if (selected.uidValidity !== folder.uid_validity) moved.push(...group.map(({ change }) => change));
    else await (first.kind === "flags" ? pushFlags(work, first, group, selected) : pushDelete(work, group));
  }
  return [...lost, ...moved];
}

/** What the folder does not keep is ours alone. */
async function pushFlags(
  work: AccountWork,
  first: PendingChange,
  group: readonly Placed[],
  { keeps, takesLabels }: SelectedFolder,
): Promise<void> {
  const asked = marksOfArgs(first);
  const [add, remove] = [asked.add & keeps, asked.remove & keeps];
  const uids = group.map(({ place }) => place.uid);
  if (add !== 0 || remove !== 0) await work.session.setMarks(uids, { add, remove });
  const labels = labelsOfArgs(first.args);
  const areKept = takesLabels && (await setLabels(work, uids, labels));
  await work.transact(async (trx) => {
    await setFlagsThere(
      trx,
      group.map(({ place }) => ({
        messageId: place.message_id,
        marks: (place.marks | add) & ~remove,
        labels: areKept
          ? [...new Set([...place.labels, ...labels.add.filter(hasKeyword)])].filter(
              (label) => !labels.remove.includes(label),
            )
          : place.labels,
      })),
    );
    await removePending(
      trx,
      group.map(({ change }) => change.id),
    );
  });
}

/** False: the server does not keep them; then they are ours alone. Some allow 26 in a folder. */
async function setLabels(
  { session, log, mailboxId }: AccountWork,
  uids: readonly number[],
  labels: ReturnType<typeof labelsOfArgs>,
): Promise<boolean> {
  if (labels.add.length + labels.remove.length === 0) return false;
  try {
    await session.setLabels(uids, labels);
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.info({ mailboxId, err: error }, "a provider does not keep labels");
    return false;
  }
}

const hasKeyword = (label: string): boolean => labelToKeyword(label) !== undefined;

async function pushDelete(work: AccountWork, group: readonly Placed[]): Promise<void> {
  await work.session.expunge(group.map(({ place }) => place.uid));
  await work.transact(async (trx) => {
    await forgetMessages(
      trx,
      group.map(({ place }) => place.message_id),
    );
    await removePending(
      trx,
      group.map(({ change }) => change.id),
    );
  });
}

/* ---------- appending ---------- */

/** Returns those that wait for the provider to do it by itself. */
async function pushAppends(work: AccountWork, run: readonly PendingChange[]): Promise<readonly PendingChange[]> {
  const waiting: PendingChange[] = [];
  for (const change of run) if (!(await appendMessage(work, change))) waiting.push(change);
  return waiting;
}
