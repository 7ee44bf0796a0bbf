import { expect, it } from "vitest";
import type { PolicySetReply } from "../access.api.ts";
import { catalogIn } from "../policy/catalog.fixture.ts";
import { refusalDetails } from "./refusal.words.ts";

const policies: PolicySetReply["policies"] = [
  {
    id: "contract-frozen",
    title: { en: "Frozen contracts stay shut", ru: "Замороженные договоры закрыты" },
    effect: "deny",
    resource: "contract",
    actions: ["read"],
    contact: "legal@example.org",
  },
];
const denyStands = {
  reason: "access.denyStands",
  problems: [{ message: "Frozen contracts stay shut; ask legal@example.org", limit: "contract-frozen" }],
};

it("[POL-2] names the policy that stands against a grant, and whom to ask, in the reader's language", () => {
  const inRussian = refusalDetails(denyStands, "contract", catalogIn("ru"), policies);
  expect(inRussian).toEqual(["Замороженные договоры закрыты; обратиться: legal@example.org"]);
  const inEnglish = refusalDetails(denyStands, "contract", catalogIn("en"), policies);
  expect(inEnglish).toEqual(["Frozen contracts stay shut; ask legal@example.org"]);
});

it("keeps the server's words for a policy that is not known here", () => {
  expect(refusalDetails(denyStands, "contract", catalogIn("ru"), [])).toEqual([
    "Frozen contracts stay shut; ask legal@example.org",
  ]);
});

it("names the section that the answerer lacks", () => {
  const refused = { reason: "access.moreThanOwn", problems: [{ message: "Terms", limit: "terms" }] };
  expect(refusalDetails(refused, "contract", catalogIn("ru"), policies)).toEqual(["Условия"]);
});

it("has nothing to add to what names nothing", () => {
  const refused = { reason: "access.answered", problems: [] };
  expect(refusalDetails(refused, "contract", catalogIn("en"), policies)).toEqual([]);
});
