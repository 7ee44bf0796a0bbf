import { expect, it } from "vitest";
import { createDraftHolds } from "./draft.holds.ts";

type Name = "main" | "thread" | "own";

function office({ leaveMs = 60_000 } = {}) {
  const askedToLeave: string[] = [];
  const freed: string[] = [];
  const holds = createDraftHolds<Name>({
    isOwnWindow: (window) => window === "own",
    askToLeave: (window, id) => void askedToLeave.push(`${window} ${id}`),
    onFree: (id) => void freed.push(id),
    leaveMs,
  });
  return { holds, askedToLeave, freed };
}
const hold = (token: string, id = "draft") => ({ id, token });

it("[HLD-1] one window writes a draft, and others are told which", async () => {
  const { askedToLeave, freed, holds } = office();
  expect(await holds.claim("main", hold("a"))).toBe(true);
  expect(await holds.claim("thread", hold("b"))).toBe(false);
  expect(await holds.claim("thread", hold("c", "another"))).toBe(true);
  expect(holds.windowOf("draft")).toBe("main");
  expect(askedToLeave).toEqual([]);
  holds.release(hold("a"));
  expect(freed).toEqual(["draft"]);
  expect(await holds.claim("thread", hold("d"))).toBe(true);
});

it("[HLD-1] a showing that ended does not give up the one that came after it in the same window", async () => {
  const { holds } = office();
  await holds.claim("main", hold("first"));
  expect(await holds.claim("main", hold("second"))).toBe(true);
  holds.release(hold("first"));
  expect(holds.windowOf("draft")).toBe("main");
  holds.release(hold("second"));
  expect(holds.windowOf("draft")).toBeUndefined();
});

it("[HLD-2] a draft's own window waits until the pane has saved, and nobody comes between", async () => {
  const { askedToLeave, holds } = office();
  await holds.claim("main", hold("a"));
  const taking = holds.claim("own", hold("b"));
  expect(askedToLeave).toEqual(["main draft"]);
  expect(holds.windowOf("draft")).toBe("main");
  holds.release(hold("a"));
  expect(await taking).toBe(true);
  expect(await holds.claim("main", hold("c"))).toBe(false);
  expect(holds.windowOf("draft")).toBe("own");
});

it("[HLD-3] who cannot save, or does not answer, keeps it", async () => {
  const { holds } = office({ leaveMs: 1 });
  await holds.claim("main", hold("a"));
  const refused = holds.claim("own", hold("b"));
  holds.keep("draft");
  expect(await refused).toBe(false);
  expect(await holds.claim("own", hold("c"))).toBe(false); // the page hangs
  expect(holds.windowOf("draft")).toBe("main");
});

it("[HLD-4] a window that is gone holds nothing, and whoever waits for it goes on", async () => {
  const { freed, holds } = office();
  await holds.claim("main", hold("a"));
  await holds.claim("main", hold("b", "another"));
  const taking = holds.claim("own", hold("c"));
  holds.gone("main");
  expect(await taking).toBe(true);
  expect(freed.toSorted()).toEqual(["another", "draft"]);
});
