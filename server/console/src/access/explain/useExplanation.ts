import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { call } from "../../api/api.ts";
import type { Explanation } from "../access.api.ts";
import { isAskable, type Question, questionToBody } from "./question.ts";

const ASK_MS = 250;

/** `state`: asked anew when what is asked about may have changed, such as a draft's version. */
export function useExplanation(question: Question, state: string) {
  const body = JSON.stringify(questionToBody(question));
  const [settled] = useDebouncedValue(body, ASK_MS);
  return useQuery({
    queryKey: ["access", "explain", settled, state],
    queryFn: () => call<Explanation>("POST", "/access/explain", JSON.parse(settled) as object),
    enabled: isAskable(question) && settled === body,
    placeholderData: keepPreviousData,
  });
}
