import type { Policy } from "@kontor/shared/access";
import { Problem } from "../../api/api.ts";
import type { Draft } from "../access.api.ts";
import { readPolicy, type ShapeFault, shapeOf } from "../policy/policy.json.ts";

/**
 * A draft while it is edited: every change can be undone within the session, and is saved by itself a moment after the
 * last one, under the version that was seen. Where somebody else saved meanwhile, saving stops and nothing is lost: the
 * person chooses.
 *
 * - DRAFT-1 What is typed as JSON and is no policy yet is kept apart; the form and the server keep the last good one.
 * - DRAFT-2 One save at a time; what changed during it is saved after it.
 * - DRAFT-3 After a conflict nothing is saved until it is resolved.
 */
export interface DraftItem {
  /** Of this session only: ids of policies are edited too. */
  readonly key: string;
  readonly policy: Policy;
  /** Where the form cannot show it. */
  readonly odd?: ShapeFault;
}
export type SaveState =
  | { readonly is: "saved" | "waiting" | "saving" | "conflict" }
  | { readonly is: "failed"; readonly error: Error };

export interface DraftState {
  readonly items: readonly DraftItem[];
  readonly title: string;
  readonly version: number;
  readonly updatedAt: string;
  readonly save: SaveState;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Typed JSON by key, with what is wrong with it. */
  readonly unfinished: ReadonlyMap<string, { readonly text: string; readonly fault: ShapeFault }>;
}

export interface DraftStore {
  subscribe(listener: () => void): () => void;
  state(): DraftState;
  /** `step`: following changes of one step are undone together. */
  change(key: string, policy: Policy, step?: string): void;
  type(key: string, text: string): void;
  dropTyped(key: string): void;
  add(policy: Policy, after?: string): string;
  remove(key: string): void;
  rename(title: string): void;
  undo(): void;
  redo(): void;
  /** Saves now; resolves when nothing is waiting any more, or saving failed. */
  flush(): Promise<void>;
  /** With what is on the server now; what was not saved is gone. */
  reset(draft: Draft): void;
  close(): void;
}

export interface DraftStoreDeps {
  save(body: { title: string; version: number; policies: readonly Policy[] }): Promise<Draft>;
  /** Where typed JSON that is no policy yet outlives the page: by the policy's id, which the draft keeps. */
  readonly typed?: { read(): ReadonlyMap<string, string>; write(typed: ReadonlyMap<string, string>): void };
  readonly waitMs?: number;
  readonly stepMs?: number;
  readonly now?: () => number;
}

interface Content {
  readonly items: readonly DraftItem[];
  readonly title: string;
}

const WAIT_MS = 700; // long enough not to save every letter, short enough to be saved when somebody looks up
const STEP_MS = 1_500;
const MOST_STEPS = 200;

export function createDraftStore(draft: Draft, deps: DraftStoreDeps): DraftStore {
  const { waitMs = WAIT_MS, stepMs = STEP_MS, now = Date.now } = deps;
  const listeners = new Set<() => void>();
  let made = 0;
  const itemOf = (value: unknown): DraftItem => {
    const shape = shapeOf(value);
    made += 1;
    return { key: `p${made}`, policy: value as Policy, ...(!shape.ok && { odd: shape.fault }) };
  };

  let content: Content = { items: draft.policies.map(itemOf), title: draft.title };
  let saved = content;
  let past: readonly Content[] = [];
  let future: readonly Content[] = [];
  let lastStep = { name: "", at: 0 };
  let { version, updatedAt } = draft;
  let save: SaveState = { is: "saved" };
  let unfinished: DraftState["unfinished"] = typedBefore();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving: Promise<void> | undefined;
  let snapshot = snapshotNow();

  function snapshotNow(): DraftState {
    const { items, title } = content;
    return { items, title, version, updatedAt, save, canUndo: past.length > 0, canRedo: future.length > 0, unfinished };
  }

  function typedBefore(): DraftState["unfinished"] {
    const typed = deps.typed?.read();
    if (!typed || typed.size === 0) return new Map();
    const found = content.items.flatMap(({ key, policy }) => {
      const text = typed.get(policy.id);
      const read = text === undefined ? undefined : readPolicy(text);
      return text !== undefined && read && !read.ok ? [[key, { text, fault: read.fault }] as const] : [];
    });
    return new Map(found);
  }

  function setUnfinished(next: DraftState["unfinished"]) {
    if (next.size === 0 && unfinished.size === 0) return;
    unfinished = next;
    const idOf = (key: string) => content.items.find((item) => item.key === key)?.policy.id ?? "";
    deps.typed?.write(new Map([...unfinished].map(([key, { text }]) => [idOf(key), text])));
  }

  function tell() {
    snapshot = snapshotNow();
    for (const listener of listeners) listener();
  }

  function become(next: Content, step = "") {
    const continues = step !== "" && step === lastStep.name && now() - lastStep.at < stepMs && past.length > 0;
    if (!continues) past = [...past.slice(-MOST_STEPS + 1), content];
    future = [];
    lastStep = { name: step, at: now() };
    content = next;
    wait();
  }

  function wait() {
    if (save.is !== "conflict") {
      save = { is: saving ? "saving" : content === saved ? "saved" : "waiting" };
      clearTimeout(timer);
      timer = content === saved ? undefined : setTimeout(() => void write(), waitMs);
    }
    tell();
  }

  async function write(): Promise<void> {
    clearTimeout(timer);
    if (saving) await saving;
    if (content === saved || save.is === "conflict") return;
    saving = writeOnce(content);
    await saving;
  }

  async function writeOnce(sent: Content): Promise<void> {
    save = { is: "saving" };
    tell();
    try {
      const policies = sent.items.map(({ policy }) => policy);
      const reply = await deps.save({ title: sent.title.trim() || draft.title, version, policies });
      ({ version, updatedAt } = reply);
      saved = sent;
      save = { is: "saved" };
    } catch (error) {
      save =
        error instanceof Problem && error.status === 409 ? { is: "conflict" } : { is: "failed", error: error as Error };
    }
    saving = undefined;
    if (save.is === "saved" && content !== saved) wait();
    else tell();
  }

  function turnBack(from: readonly Content[], to: "past" | "future") {
    const next = from.at(-1);
    if (!next) return;
    if (to === "future") [past, future] = [past.slice(0, -1), [...future, content]];
    else [past, future] = [[...past, content], future.slice(0, -1)];
    content = next;
    setUnfinished(new Map());
    lastStep = { name: "", at: 0 };
    wait();
  }

  const without = (key: string) => new Map([...unfinished].filter(([other]) => other !== key));
  const put = (key: string, policy: Policy) => content.items.map((item) => (item.key === key ? { key, policy } : item));

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => snapshot,
    change(key, policy, step) {
      setUnfinished(without(key));
      become({ ...content, items: put(key, policy) }, step && `${key} ${step}`);
    },
    type(key, text) {
      const read = readPolicy(text);
      if (!read.ok) {
        setUnfinished(new Map([...unfinished, [key, { text, fault: read.fault }]]));
        return tell();
      }
      setUnfinished(without(key));
      const known = content.items.find((item) => item.key === key);
      if (JSON.stringify(known?.policy) === JSON.stringify(read.policy)) return tell();
      become({ ...content, items: put(key, read.policy) }, `${key} json`);
    },
    dropTyped(key) {
      setUnfinished(without(key));
      tell();
    },
    add(policy, after) {
      const item = itemOf(policy);
      const at = content.items.findIndex(({ key }) => key === after);
      become({ ...content, items: content.items.toSpliced(at < 0 ? content.items.length : at + 1, 0, item) });
      return item.key;
    },
    remove(key) {
      setUnfinished(without(key));
      become({ ...content, items: content.items.filter((item) => item.key !== key) });
    },
    rename(title) {
      become({ ...content, title }, "title");
    },
    undo: () => turnBack(past, "future"),
    redo: () => turnBack(future, "past"),
    async flush() {
      await write();
      if (content !== saved && save.is === "waiting") await write();
    },
    reset(draft) {
      content = { items: draft.policies.map(itemOf), title: draft.title };
      saved = content;
      ({ version, updatedAt } = draft);
      setUnfinished(new Map());
      [past, future, save] = [[], [], { is: "saved" }];
      clearTimeout(timer);
      tell();
    },
    close() {
      clearTimeout(timer);
      void write();
      listeners.clear();
    },
  };
}
