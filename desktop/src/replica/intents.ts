import type { Clock, JsonObject } from "@kontor/shared/base";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import type { Pacing } from "#replica/storage";
import type { Jobs } from "./jobs.ts";
import type { Issue, NewIntent, Outbox, PendingIntent } from "./outbox.ts";
import type { Rows } from "./rows.ts";

/**
 * Changes on their way up, from the command to the answer:
 *
 *   command ─► outbox (durable, SYN-1) ─► in view ─► PUSH ─► RESULT ─► outbox forgets ─► view from the server's row alone
 */
export interface Intents {
  readonly commands: IntentCommands;
  /** Sends what is due, and comes again when the next one is. */
  push(): void;
  onResult(result: IntentResult): void;
  /** The feed has moved on: answers that waited for it can be taken. */
  settleDeferred(): void;
  /** What was under way is sent again, and answered again (SYN-4). */
  disconnected(): void;
}

/** What is done with changes on this device. */
export interface IntentCommands {
  /** Returns when the change is durable on this device and in view (SYN-1). */
  enqueue(input: EnqueueInput): PendingIntent;
  /**
   * Many changes as one write. Durable at once, all or none; resolves when all of them are in view, letting others go
   * first between some hundreds. `merge` makes one of two changes of a row when the first was never sent.
   */
  enqueueMany(inputs: readonly EnqueueInput[], merge?: MergeIntents): Promise<void>;
  /** Replaces the arguments of a change that was never sent; false when it was. */
  amend(mid: string, args: JsonObject, title?: string): boolean;
  /** Sends a change that rests; what is sent behind it must not wait for it. */
  release(mid: string): void;
  /** Takes an unsent change back; false when it is under way. */
  discard(mid: string): boolean;
  retryIssue(mid: string, alongside?: (at: string) => void): PendingIntent | undefined;
  discardIssue(mid: string): Issue | undefined;
}

export interface EnqueueInput {
  readonly name: string;
  readonly collection: string;
  readonly id: string;
  readonly args: JsonObject;
  /** How the outbox and the issues name it. */
  readonly title: string;
  /** Rows that must exist on the server first; known to be there already, they cost nothing. */
  readonly dependsOn?: readonly { readonly collection: string; readonly id: string }[];
  /** Written in the outbox's transaction that takes the intent, for example the plan of an upload. */
  readonly alongside?: (at: string) => void;
  /** Changes of one act; the outbox shows them as one. */
  readonly batch?: string;
  /** Not sent before it has rested for so long: what is still being typed stays one change. */
  readonly restMs?: number;
}

export type MergeIntents = (before: PendingIntent, next: NewIntent) => JsonObject | undefined;

export interface IntentsDeps {
  readonly rows: Rows;
  readonly outbox: Outbox;
  readonly pacing: Pacing;
  readonly clock: Clock;
  readonly jobs: Pick<Jobs, "guarded" | "haveEnded" | "later">;
  send(intents: readonly Intent[]): void;
  /** False when the server was not heard yet on this connection, or there is none. */
  readonly canSend: () => boolean;
  /** The feed has carried everything that the server had when it greeted this device. */
  readonly hasCaughtUp: () => boolean;
  readonly tell: {
    state(): void;
    outbox(): void;
    issues(): void;
    settled(intent: PendingIntent, result: IntentResult): void;
  };
}

/** Views made anew in one go: some 30 ms, after which whoever waits is answered. */
const SHOWN_AT_ONCE = 500;

export function createIntents(deps: IntentsDeps): Intents {
  const { clock, hasCaughtUp, jobs, outbox, pacing, rows, tell } = deps;
  /** Taken by the server, before the feed has carried their effect. */
  const deferred: IntentResult[] = [];
  /** Answers that came in this turn: written down together, since each write waits for the disk. */
  let answers: IntentResult[] = [];
  let pushTimer: NodeJS.Timeout | undefined;

  /* ---------- taken in ---------- */

  function enqueue(input: EnqueueInput): PendingIntent {
    const intent = outbox.add(newIntentOf(input), input.alongside);
    show(input.collection, input.id);
    return intent;
  }

  async function enqueueMany(inputs: readonly EnqueueInput[], merge?: MergeIntents): Promise<void> {
    outbox.addMany(inputs.map(newIntentOf), merge);
    for (let at = 0; at < inputs.length; at += SHOWN_AT_ONCE) {
      if (jobs.haveEnded) return; // shown at the next start
      const some = inputs.slice(at, at + SHOWN_AT_ONCE);
      for (const [name, group] of Map.groupBy(some, ({ collection }) => collection))
        jobs.guarded(() =>
          rows.refreshMany(
            name,
            group.map(({ id }) => id),
          ),
        );
      await pacing.applied(0);
    }
    tell.outbox();
    push();
    tell.state();
  }

  function newIntentOf(input: EnqueueInput): NewIntent {
    const { dependsOn = [], alongside: _alongside, restMs, ...named } = input;
    const group = groupOf(input, dependsOn);
    return {
      ...named,
      ...(group === undefined ? {} : { group }),
      ...(restMs === undefined ? {} : { notBefore: clock.now() + restMs }),
    };
  }

  /** What stands on a row that only this device knows falls with the change that makes it (SYN-5). */
  function groupOf(input: EnqueueInput, dependsOn: NonNullable<EnqueueInput["dependsOn"]>): string | undefined {
    for (const { collection, id } of dependsOn) {
      const [first] = outbox.pendingOf(collection, id);
      if (first && !rows.hasServerRow(collection, id)) return first.group ?? id;
    }
    if (rows.hasServerRow(input.collection, input.id)) return undefined;
    return outbox.pendingOf(input.collection, input.id)[0]?.group ?? input.id;
  }

  function show(collection: string, id: string): void {
    jobs.guarded(() => rows.refresh(collection, id));
    tell.outbox();
    push();
    tell.state();
  }

  /** Typing goes on while a change still waits: it stays one change. */
  function amend(mid: string, args: JsonObject, title?: string): boolean {
    const intent = outbox.find(mid);
    if (!intent || !outbox.amend(mid, args, title)) return false;
    show(intent.collection, intent.id);
    return true;
  }

  function release(mid: string): void {
    outbox.hurry(mid);
    push();
  }

  function discard(mid: string): boolean {
    const intent = outbox.discard(mid);
    if (!intent) return false;
    rows.refresh(intent.collection, intent.id);
    tell.outbox();
    tell.state();
    return true;
  }

  /* ---------- sent ---------- */

  function push(): void {
    if (!deps.canSend()) return;
    const intents = outbox.due();
    if (intents.length > 0) {
      outbox.sent(intents.map((intent) => intent.mid));
      deps.send(intents.map(toWire));
      tell.outbox();
    }
    clearTimeout(pushTimer);
    const dueAt = outbox.nextDueAt();
    if (dueAt !== undefined) pushTimer = jobs.later(Math.max(1, dueAt - clock.now()), push);
  }

  /* ---------- answered ---------- */

  /** An answer given again may come before the backfill that carries its effect; the change stays in view until then. */
  function onResult(result: IntentResult): void {
    const isTaken = result.status === "applied" || result.status === "merged";
    if (isTaken && !hasCaughtUp()) {
      deferred.push(result);
      outbox.answered(result.mid);
    } else settleSoon(result);
    if (!outbox.isSending) push();
    tell.state();
  }

  /** A refusal holds back what depends on it, so it is settled before anything else is sent. */
  function settleSoon(result: IntentResult): void {
    if (result.status === "rejected" || result.status === "retry") {
      settleAnswers();
      return settle([result]);
    }
    outbox.answered(result.mid);
    if (answers.length === 0) setImmediate(() => void (jobs.haveEnded ? undefined : jobs.guarded(settleAnswers)));
    answers.push(result);
    if (answers.length >= SHOWN_AT_ONCE) settleAnswers();
  }

  function settleAnswers(): void {
    const due = answers;
    answers = [];
    if (due.length === 0) return;
    settle(due);
    tell.state();
  }

  function settle(results: readonly IntentResult[]): void {
    const issuesBefore = outbox.issueCount();
    const settled = outbox.settle(results);
    for (const [name, group] of Map.groupBy(settled, ({ intent }) => intent.collection)) {
      const ids = new Set(group.map(({ intent }) => intent.id));
      rows.refreshMany(name, [...ids]);
    }
    for (const { intent, result } of settled) tell.settled(intent, result);
    if (outbox.issueCount() !== issuesBefore) tell.issues();
    tell.outbox();
  }

  /* ---------- refused ---------- */

  /** Under a new id: the server answers the old one for ever as it did (SYN-4). */
  function retryIssue(mid: string, alongside?: (at: string) => void): PendingIntent | undefined {
    const issue = outbox.issues().find((each) => each.mid === mid);
    if (!issue) return undefined;
    const { name, collection, id, args, title } = issue;
    const intent = enqueue({ name, collection, id, args, title, ...(alongside ? { alongside } : {}) });
    discardIssue(mid);
    return intent;
  }

  function discardIssue(mid: string): Issue | undefined {
    const issue = outbox.removeIssue(mid);
    tell.issues();
    tell.state();
    return issue;
  }

  return {
    commands: { enqueue, enqueueMany, amend, release, discard, retryIssue, discardIssue },
    push,
    onResult,
    settleDeferred() {
      if (deferred.length > 0 && hasCaughtUp()) settle(deferred.splice(0));
    },
    disconnected() {
      outbox.disconnected();
      deferred.length = 0;
      answers = [];
    },
  };
}

const toWire = ({ mid, name, collection, id, args, group, at }: PendingIntent): Intent => ({
  mid,
  name,
  collection,
  id,
  args,
  ...(group === undefined ? {} : { group }),
  at,
});
