import { expect, it } from "vitest";
import { createBatches } from "./batches.ts";

it("writes at once what comes alone, and together what comes meanwhile", async () => {
  const written: (readonly number[])[] = [];
  const gates: (() => void)[] = [];
  const batches = createBatches<number>(async (items) => {
    written.push(items);
    await new Promise<void>((resolve) => gates.push(resolve));
  });
  const first = batches.add(1);
  const rest = Promise.all([batches.add(2), batches.add(3)]);
  expect(written).toEqual([[1]]);
  gates[0]?.();
  await first;
  await expect.poll(() => written).toEqual([[1], [2, 3]]);
  gates[1]?.();
  await rest;
  const last = batches.add(4);
  expect(written.at(-1)).toEqual([4]);
  gates[2]?.();
  await last;
});

it("tells everybody in a batch that it was not written, and goes on", async () => {
  const batches = createBatches<string>(async (items) => {
    if (items.includes("bad")) throw new Error("no");
  });
  const told = await Promise.allSettled([batches.add("a"), batches.add("bad"), batches.add("b")]);
  expect(told.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  await expect(batches.add("c")).resolves.toBeUndefined();
});
