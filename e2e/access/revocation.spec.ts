// Rights are taken away while the card is open: a section, then the card, then the whole department; online, and while the
// desktop has no network and learns of it when it comes back. What was taken is gone from the screen and from the disk.
import type { Policy } from "@kontor/shared/access";
import { startFaultProxy } from "../sync/faultProxy.ts";
import { administratorOf, apiOf, type Administrator } from "../walks/administrator.ts";
import { expectAccessible, keepScreen, keepScreenInAllLooks } from "../walks/looks.ts";
import type { Member } from "../walks/member.ts";
import { expect, test } from "../walks/office.ts";

const LONG_TEST_MS = 300_000;
const ARRIVAL = { timeout: 30_000 };

test.setTimeout(LONG_TEST_MS);

/** What the department reads, said otherwise; everything else stays. */
const readingOf =
  (change: Partial<Policy>) =>
  (policies: readonly Policy[]): readonly Policy[] =>
    policies.map((policy) =>
      policy.id === "contract-department-read" || policy.id === "contract-department-edit"
        ? { ...policy, ...change, examples: [] }
        : policy,
    );
const unchanged = (original: readonly Policy[]) => () => original;

interface Contract {
  readonly id: string;
  readonly subject: string;
  readonly terms: string;
}

/** A contract of Ivan's on approval, which his department sees, with words that are nowhere else. */
async function contractOfIvan(url: string): Promise<Contract> {
  const ivan = await apiOf(url, "ivan");
  const mark = Date.now().toString(36);
  const subject = `Revoked ${mark}`;
  const terms = `CANARY-TERMS-${mark}`;
  const { records } = await ivan<{ records: { id: string }[] }>("GET", "/records?type=counterparty&limit=1");
  const { id } = await ivan<{ id: string }>("POST", "/records", {
    type: "contract",
    fields: {
      subject,
      paymentTerms: terms,
      counterparty: records[0]?.id ?? "",
      amount: { amount: "1000.00", currency: "EUR" },
      validFrom: "2026-12-01",
    },
  });
  await ivan("POST", `/records/${id}/transitions/submit`);
  return { id, subject, terms };
}

/** Takes the three things away, one after the other, and says what is left on the screen after each. */
async function takeAway(
  administrator: Administrator,
  maria: Member,
  { subject, terms }: Contract,
  { offline }: { offline?: { cut(): void; mend(): void } } = {},
): Promise<void> {
  const while_ = async (act: () => Promise<void>) => {
    if (offline) {
      offline.cut();
      await maria.expectOffline();
    }
    await act();
    if (!offline) return;
    await expect(maria.card.getByRole("heading", { level: 1 })).toBeVisible(); // nobody has told it yet
    offline.mend();
    await maria.tryNow();
  };
  const row = maria.list.getByRole("option").filter({ hasText: subject });
  const how = offline ? "offline" : "online";

  await expect(maria.field("paymentTerms")).toContainText(terms, ARRIVAL);
  await while_(() => administrator.publish("Terms are for lawyers", readingOf({ sections: ["main"] })));
  await expect(maria.field("paymentTerms")).toHaveCount(0, ARRIVAL);
  await expect(maria.card.getByRole("heading", { level: 1 })).toHaveText(subject);
  await expect(maria.page.getByText(terms)).toHaveCount(0);
  await keepScreen(maria.page, `revoked-section-${how}`);

  await while_(() =>
    administrator.publish(
      "Only what is in force",
      readingOf({
        sections: ["main"],
        when: { and: [{ in: ["obj.department", "sub.departments"] }, { eq: ["obj.state", "signed"] }] },
      }),
    ),
  );
  await expect(maria.page.getByText("This is not here any more")).toBeVisible(ARRIVAL);
  await expect(row).toHaveCount(0);
  if (!offline) {
    await keepScreenInAllLooks(maria.page, "revoked-card");
    await expectAccessible(maria.page);
  }

  await maria.page.getByRole("button", { name: /^Objects/ }).click();
  await maria.chooseState("In force");
  const rows = maria.list.getByRole("option");
  await expect(rows.first()).toBeVisible();
  const ofDepartment = await rows.count();
  expect(ofDepartment).toBeGreaterThan(0);
  await rows.first().click();
  await while_(() => administrator.transfer("maria", { toDepartmentOf: "alexey" }));
  await expect.poll(() => rows.count(), ARRIVAL).toBeLessThan(ofDepartment);
  await keepScreen(maria.page, `revoked-department-${how}`);
}

for (const how of ["online", "offline"] as const) {
  test(`[VIS-4] [POL-11] a section, the card, the department: gone from the open card, ${how}`, async ({
    office,
    sitDown,
  }) => {
    const administrator = await administratorOf(office.url);
    const written = await administrator.policies();
    const proxy = await startFaultProxy(office.url);
    const contract = await contractOfIvan(office.url);
    const maria = await sitDown("maria");
    try {
      await maria.signIn(how === "offline" ? proxy.url : office.url);
      await maria.chooseState("On approval");
      await maria.open(contract.subject);
      await takeAway(administrator, maria, contract, how === "offline" ? { offline: proxy } : {});
    } finally {
      await administrator.transfer("maria", { toDepartmentOf: "pavel" });
      await administrator.publish("As before", unchanged(written));
      await proxy.stop();
    }
  });
}

test("[SYN-7] [VIS-4] what was typed offline into a section that is lost meanwhile is kept for its author", async ({
  office,
  sitDown,
}) => {
  const administrator = await administratorOf(office.url);
  const written = await administrator.policies();
  const proxy = await startFaultProxy(office.url);
  const contract = await contractOfIvan(office.url);
  const maria = await sitDown("maria");
  try {
    await maria.signIn(proxy.url);
    await maria.chooseState("On approval");
    await maria.open(contract.subject);
    proxy.cut();
    await maria.expectOffline();
    const typed = `Typed without a network ${Date.now()}`;
    await maria.edit("paymentTerms", typed);
    await administrator.publish("Terms are for lawyers", readingOf({ sections: ["main"] }));
    proxy.mend();
    await maria.tryNow();
    await expect(maria.field("paymentTerms")).toHaveCount(0, ARRIVAL);
    await expect(maria.page.getByText(contract.terms)).toHaveCount(0);
    await maria.page.getByRole("button", { name: /^Issues/ }).click();
    await expect(maria.page.getByRole("region", { name: "Issues" })).toContainText(typed, ARRIVAL);
    await keepScreenInAllLooks(maria.page, "revoked-with-unsent-text");
  } finally {
    await administrator.publish("As before", unchanged(written));
    await proxy.stop();
  }
});

test("[VIS-6] somebody switched off is out at once, and back with nothing lost when switched on", async ({
  office,
  sitDown,
}) => {
  const administrator = await administratorOf(office.url);
  const james = await sitDown("james");
  await james.signIn(office.url);
  try {
    await administrator.switchOff("james");
    await expect(james.page.getByText(/switched off/)).toBeVisible(ARRIVAL);
    await keepScreenInAllLooks(james.page, "switched-off");
  } finally {
    await administrator.switchOn("james");
  }
});
