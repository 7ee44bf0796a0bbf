import { useQueryClient } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import { go } from "../../app/route.ts";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { Draft } from "../access.api.ts";
import { accessAddress } from "../routes.ts";

/** Begins a draft with the set in force, and opens it. */
export function useBeginDraft() {
  const { t, locale } = useWords();
  const { act } = useAct();
  const client = useQueryClient();
  return (policyId?: string) =>
    act(async () => {
      const today = new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date());
      const draft = await call<Draft>("POST", "/access/drafts", { title: t("access.drafts.newTitle", { today }) });
      client.setQueryData(["access", "draft", draft.id], draft);
      go(accessAddress.draft(draft.id, policyId));
      return undefined;
    });
}
