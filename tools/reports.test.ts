import { expect, it } from "vitest";
import { tableOf } from "./benchTable.ts";
import { root } from "./repository.ts";
import { resultOfPlaywright } from "./playwrightReport.ts";

it("counts specs, calls a flaky one failed, and says why one was skipped", () => {
  const stack = [
    "Error: none",
    "    at look (/x/node_modules/a.js:1:1)",
    `    at help (${root}/e2e/help.ts:2:2)`,
    `    at words ${root}/e2e/card.spec.ts:7:3`,
  ].join("\n");
  const result = resultOfPlaywright({
    suites: [
      {
        title: "objects/card.spec.ts",
        specs: [{ title: "opens", tests: [{ status: "expected" }] }],
        suites: [
          {
            title: "offline",
            specs: [
              { title: "keeps", tests: [{ status: "flaky" }] },
              {
                title: "loses",
                tests: [
                  {
                    status: "unexpected",
                    results: [
                      {
                        error: { message: "\u001b[31mnone\u001b[39m\nmore", stack },
                        errors: [{}, { message: "Late" }],
                      },
                    ],
                  },
                ],
              },
              {
                title: "tray",
                tests: [{ status: "skipped", annotations: [{ type: "skip", description: "@real-only" }] }],
              },
            ],
          },
        ],
      },
    ],
    errors: [{ message: "no tests found\nat …" }],
  });
  expect(result).toEqual({
    passed: 1,
    failed: 3,
    failures: [
      "objects/card.spec.ts › offline › keeps (passed only when tried again)",
      "objects/card.spec.ts › offline › loses: none (words e2e/card.spec.ts:7:3): Late",
      "no tests found",
    ],
    notRun: [{ what: "objects/card.spec.ts › offline › tray", why: "@real-only" }],
  });
});

it("prints one line for each peer of a benchmark", () => {
  const table = tableOf([
    {
      name: "replica-apply",
      metric: "rows applied",
      unit: "rows/s",
      better: "higher",
      ours: { median: 36_123.4, min: 35_000, max: 37_000 },
      peers: [
        { name: "Dexie", median: 3_210, ratio: 11.253 },
        { name: "plain libsql", median: 46_000, ratio: 0.785 },
      ],
      when: "2026-11-21T00:00:00Z",
      cores: 2,
    },
  ]);
  expect(table.split("\n")).toEqual([
    expect.stringMatching(/^benchmark +metric +Kontor: median \(min–max\) +peer +median +ratio$/),
    expect.stringMatching(
      /^replica-apply +rows applied +36,123 \(35,000–37,000\) rows\/s +Dexie +3,210 rows\/s +11\.3×$/,
    ),
    expect.stringMatching(/^ +plain libsql +46,000 rows\/s +0\.785×$/),
  ]);
});
