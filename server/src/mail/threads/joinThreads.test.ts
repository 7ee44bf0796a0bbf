import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mailLimits } from "@kontor/shared/mail";
import { joinThreads, linksOf, type KnownThread, type Linked } from "./joinThreads.ts";

const message = (messageId: string, refs: readonly string[] = [], inReplyTo: readonly string[] = []): Linked => ({
  messageId,
  refs,
  inReplyTo,
});

function counter() {
  let next = 0;
  return () => `t${String(next++).padStart(5, "0")}`;
}

/** Keeps what the database keeps between two arrivals. */
function mailbox() {
  const known = new Map<string, KnownThread>();
  const threads = new Map<string, string>();
  const newThreadId = counter();
  return {
    known,
    arrive(batch: readonly Linked[]) {
      const joined = joinThreads(batch, known, newThreadId);
      for (const [id, thread] of joined.leadsTo) known.set(id, { id: thread, byHand: false });
      for (const [id, thread] of known) {
        const stays = joined.merged.get(thread.id);
        if (stays !== undefined) known.set(id, { ...thread, id: stays });
      }
      for (const [id, thread] of threads) threads.set(id, joined.merged.get(thread) ?? thread);
      for (const [index, each] of batch.entries()) threads.set(each.messageId, joined.threadIds[index] ?? "");
      return joined;
    },
    /** Which messages are together, whatever the threads are called. */
    partition: () =>
      [...Map.groupBy([...threads], ([, thread]) => thread).values()]
        .map((group) => group.map(([id]) => id).toSorted())
        .toSorted((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1)),
  };
}

describe("messages that belong together", () => {
  it("are found by References, and by the first In-Reply-To where there are none", () => {
    const box = mailbox();
    box.arrive([
      message("a"),
      message("b", ["a"]),
      message("c", [], ["b", "x"]),
      message("d", ["q"], ["a"]),
      message("x"),
    ]);
    expect(box.partition()).toEqual([["a", "b", "c"], ["d"], ["x"]]);
  });

  it("are joined by a message that names both, under the older thread's id", () => {
    const box = mailbox();
    const first = box.arrive([message("a")]).threadIds[0];
    box.arrive([message("b")]);
    const joined = box.arrive([message("c", ["b", "a"])]);
    expect(joined.threadIds).toEqual([first]);
    expect([...joined.merged.values()]).toEqual([first]);
    expect(box.partition()).toEqual([["a", "b", "c"]]);
  });

  it("are joined by what they name and nobody has", () => {
    const box = mailbox();
    box.arrive([message("b", ["lost"])]);
    box.arrive([message("c", ["lost"])]);
    expect(box.partition()).toEqual([["b", "c"]]);
  });

  it("stay parted by hand, and answers go with the message that they answer", () => {
    const box = mailbox();
    box.arrive([message("a"), message("b", ["a"])]);
    const parted = { id: "by-hand", byHand: true };
    box.known.set("b", parted);
    box.known.set("a", { id: box.known.get("a")?.id ?? "", byHand: true });
    const { threadIds, merged } = box.arrive([message("c", ["a", "b"]), message("d", ["a"])]);
    expect(threadIds).toEqual(["by-hand", box.known.get("a")?.id]);
    expect(merged.size).toBe(0);
  });

  it("are told by the ends of References of any length", () => {
    const refs = Array.from({ length: 5_000 }, (_, index) => `r${index}`);
    const links = linksOf(message("m", refs));
    expect(links).toHaveLength(mailLimits.maxReferences);
    expect([links[0], links.at(-1)]).toEqual(["r0", "r4999"]);
  });

  it("are the same in any order of arrival and in any batches", () => {
    const ids = fc.constantFrom(..."abcdefghijkl");
    const messages = fc.uniqueArray(
      fc.record({ messageId: ids, refs: fc.array(ids, { maxLength: 3 }), inReplyTo: fc.array(ids, { maxLength: 2 }) }),
      { selector: (each) => each.messageId, maxLength: 12 },
    );
    fc.assert(
      fc.property(
        messages.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length }),
            fc.integer({ min: 1, max: 12 }),
          ),
        ),
        ([inOrder, shuffled, size]) => {
          const one = mailbox();
          one.arrive(inOrder);
          const other = mailbox();
          for (let at = 0; at < shuffled.length; at += size) other.arrive(shuffled.slice(at, at + size));
          expect(other.partition()).toEqual(one.partition());
        },
      ),
    );
  });
});
