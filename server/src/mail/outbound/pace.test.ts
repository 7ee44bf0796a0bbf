import { expect, it } from "vitest";
import { createPace } from "./pace.ts";

it("claims nothing ahead for a far server that takes its time, or of which nothing is known", () => {
  const pace = createPace({ perLane: 5 });
  pace.note("mx slow.example", 300);
  expect([pace.aheadOf("mx slow.example"), pace.aheadOf("mx new.example")]).toEqual([0, 0]);
});

it("claims ahead what a quick one serves in a quarter of a second, and a hundred at most", () => {
  const pace = createPace({ perLane: 5 });
  pace.note("relay", 50);
  expect(pace.aheadOf("relay")).toBe(25);
  pace.note("account a", 0);
  expect(pace.aheadOf("account a")).toBe(100);
});

it("thinks of one slow answer at once, and of quick ones again after some", () => {
  const pace = createPace({ perLane: 5 });
  for (let n = 0; n < 10; n++) pace.note("relay", 3);
  pace.note("relay", 5_000);
  expect(pace.aheadOf("relay")).toBe(0);
  let answers = 0;
  while (pace.aheadOf("relay") === 0) {
    pace.note("relay", 3);
    answers += 1;
  }
  expect(answers).toBeGreaterThan(5);
  expect(answers).toBeLessThan(30);
});

it("forgets the lanes that it has not heard of for longest", () => {
  const pace = createPace({ perLane: 5 });
  pace.note("mx first.example", 3);
  pace.note("mx second.example", 3);
  pace.note("mx first.example", 3);
  for (let n = 0; n < 999; n++) pace.note(`mx ${n}.example`, 3);
  expect([pace.aheadOf("mx first.example"), pace.aheadOf("mx second.example")]).toEqual([100, 0]);
});
