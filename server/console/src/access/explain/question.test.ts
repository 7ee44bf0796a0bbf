import { expect, it } from "vitest";
import { addressOf, placeOf } from "../../app/route.ts";
import { questionFrom, questionToBody, questionToQuery } from "./question.ts";

const nothing = questionFrom(new URLSearchParams());

it("is the same question after it went through an address", () => {
  const question = { ...nothing, user: "u", type: "contract", action: "read", attributes: '{"state":"черновик"}' };
  expect(questionFrom(placeOf(addressOf("access", ["explain"], questionToQuery(question))).query)).toEqual(question);
});

it("asks of a record by its id, of a made-up one by its attributes, and supposes only what was said", () => {
  const question = { ...nothing, user: "u", type: "contract", action: "read", attributes: '{"state":"draft"}' };
  expect(questionToBody(question)).toEqual({
    userId: "u",
    type: "contract",
    action: "read",
    attributes: { state: "draft" },
  });
  expect(questionToBody({ ...question, record: "r", ip: "10.0.0.1", draft: "d", field: "amount" })).toEqual({
    userId: "u",
    type: "contract",
    action: "read",
    id: "r",
    field: "amount",
    draftId: "d",
    context: { ip: "10.0.0.1" },
  });
});
