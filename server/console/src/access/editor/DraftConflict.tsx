import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import { go } from "../../app/route.ts";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { Draft } from "../access.api.ts";
import { Notice } from "../parts/Notice.tsx";
import { accessAddress } from "../routes.ts";
import type { DraftState, DraftStore } from "./draft.store.ts";

interface Props {
  readonly draft: Draft;
  readonly store: DraftStore;
  readonly state: DraftState;
  readonly onBase: (baseRev: string) => void;
}

/** Somebody else saved the same draft: nothing is overwritten, and nothing of one's own is lost. */
export function DraftConflict({ draft, store, state, onBase }: Props) {
  const { t, time } = useWords();
  const { act } = useAct();
  const theirs = useQuery({
    queryKey: ["access", "draft", draft.id, "theirs", state.version],
    queryFn: () => call<Draft>("GET", `/access/drafts/${draft.id}`),
    gcTime: 0,
  });

  const keepMine = () =>
    act(async () => {
      const title = t("access.conflict.mineTitle", { title: state.title });
      const begun = await call<Draft>("POST", "/access/drafts", { title, fromRev: draft.baseRev });
      const policies = state.items.map(({ policy }) => policy);
      await call<Draft>("PUT", `/access/drafts/${begun.id}`, { title, version: begun.version, policies });
      go(accessAddress.draft(begun.id));
      return t("access.conflict.kept", { title });
    });

  return (
    <Notice tone="bad" role="alert" title={t("access.conflict.title")}>
      <p>
        {theirs.data &&
          t("access.conflict.words", {
            name: theirs.data.updatedBy?.name ?? t("access.server"),
            when: time(theirs.data.updatedAt),
          })}
      </p>
      <Button mr={8} variant="filled" onClick={() => void keepMine()}>
        {t("access.conflict.keep")}
      </Button>
      <Button
        disabled={!theirs.data}
        onClick={() => {
          if (!theirs.data) return;
          onBase(theirs.data.baseRev);
          store.reset(theirs.data);
        }}
      >
        {t("access.conflict.reload")}
      </Button>
    </Notice>
  );
}
