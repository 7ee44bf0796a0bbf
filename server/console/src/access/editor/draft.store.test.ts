import { expect, it } from "vitest";
import type { Policy } from "@kontor/shared/access";
import { Problem } from "../../api/api.ts";
import type { Draft } from "../access.api.ts";
import { createDraftStore, type DraftStoreDeps } from "./draft.store.ts";

const policy = (id: string): Policy => ({ id, title: id, effect: "allow", resource: "contract", actions: ["read"] });
const draft: Draft = {
  id: "00000000-0000-7000-8000-000000000001",
  title: "Spring",
  baseRev: "41",
  version: 3,
  updatedAt: "2026-11-21T09:00:00.000Z",
  updatedBy: { id: "00000000-0000-7000-8000-0000000000a1", name: "Anton" },
  policies: [policy("one"), policy("two")],
};
type Body = Parameters<DraftStoreDeps["save"]>[0];

function open(
  answer: (body: Body) => Promise<Draft> = async (body) => ({
    ...draft,
    ...body,
    policies: [...body.policies],
    version: body.version + 1,
  }),
) {
  const sent: Body[] = [];
  const save = (body: Body) => {
    sent.push(body);
    return answer(body);
  };
  const store = createDraftStore(draft, { save, waitMs: 1, now: () => 0 });
  const [first] = store.state().items;
  return { store, sent, key: first?.key ?? "" };
}
const idsOf = (store: ReturnType<typeof createDraftStore>) => store.state().items.map((item) => item.policy.id);

it("saves by itself, under the version that was seen, and continues with the next one", async () => {
  const { store, sent, key } = open();
  store.change(key, policy("uno"));
  await expect.poll(() => store.state().save.is).toBe("saved");
  store.rename("Summer");
  await expect.poll(() => store.state().version).toBe(5);
  expect(sent.map(({ version, title }) => [version, title])).toEqual([
    [3, "Spring"],
    [4, "Summer"],
  ]);
  expect(sent[0]?.policies.map(({ id }) => id)).toEqual(["uno", "two"]);
});

it("[DRAFT-2] saves what changed during a save after it", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { store, sent, key } = open(async (body) => {
    await held;
    return { ...draft, ...body, policies: [...body.policies], version: body.version + 1 };
  });
  store.change(key, policy("a"));
  await expect.poll(() => sent.length).toBe(1);
  store.change(key, policy("b"));
  expect(sent).toHaveLength(1);
  release();
  await expect.poll(() => store.state().version).toBe(5);
  expect(sent.map(({ policies }) => policies[0]?.id)).toEqual(["a", "b"]);
});

it("[DRAFT-3] stops saving when somebody else saved, and keeps what was changed", async () => {
  const { store, sent, key } = open(() => Promise.reject(new Problem(409, { reason: "draft.changed" })));
  store.change(key, policy("mine"));
  await expect.poll(() => store.state().save.is).toBe("conflict");
  store.rename("Still mine");
  await store.flush();
  expect([sent.length, idsOf(store)[0], store.state().title]).toEqual([1, "mine", "Still mine"]);
  store.reset({ ...draft, version: 9 });
  expect([store.state().save.is, store.state().version, idsOf(store)[0]]).toEqual(["saved", 9, "one"]);
});

it("undoes and redoes, one step for letters typed one after another", () => {
  const { store, key } = open();
  store.change(key, policy("o"), "id");
  store.change(key, policy("ot"), "id");
  store.change(key, { ...policy("ot"), effect: "deny" });
  store.undo();
  expect([idsOf(store)[0], store.state().items[0]?.policy.effect]).toEqual(["ot", "allow"]);
  store.undo();
  expect([idsOf(store)[0], store.state().canUndo]).toEqual(["one", false]);
  store.redo();
  store.redo();
  expect([store.state().items[0]?.policy.effect, store.state().canRedo]).toEqual(["deny", false]);
});

it("[DRAFT-1] keeps typed JSON that is no policy yet, and the policy as it was", () => {
  const { store, key } = open();
  store.type(key, '{ "id": "one", ');
  expect(store.state().unfinished.get(key)?.text).toBe('{ "id": "one", ');
  expect([idsOf(store)[0], store.state().canUndo]).toEqual(["one", false]);
  store.type(key, JSON.stringify(policy("typed")));
  expect([idsOf(store)[0], store.state().unfinished.size]).toEqual(["typed", 0]);
});

it("[DRAFT-1] finds typed JSON again when the draft is opened anew", () => {
  let kept: ReadonlyMap<string, string> = new Map();
  const typed = { read: () => kept, write: (next: ReadonlyMap<string, string>) => void (kept = next) };
  const save = () => Promise.reject(new Error("nothing is saved here"));
  const before = createDraftStore(draft, { save, typed });
  before.type(before.state().items[1]?.key ?? "", '{ "id": "two", oops');
  const after = createDraftStore(draft, { save, typed });
  expect([...after.state().unfinished.values()].map(({ text }) => text)).toEqual(['{ "id": "two", oops']);
  after.dropTyped(after.state().items[1]?.key ?? "");
  expect(createDraftStore(draft, { save, typed }).state().unfinished.size).toBe(0);
});

it("adds after the chosen one and removes", () => {
  const { store, key } = open();
  const added = store.add(policy("new"), key);
  expect(idsOf(store)).toEqual(["one", "new", "two"]);
  store.remove(added);
  expect(idsOf(store)).toEqual(["one", "two"]);
});
