import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import type { GrantLevel } from "@kontor/shared/access";
import { useState } from "react";
import { call } from "../../api/api.ts";
import { useWords } from "../../words/words.ts";
import type { Answering } from "./requests.ts";

interface Answer {
  readonly level?: GrantLevel;
  readonly sections?: readonly string[];
  readonly until?: string;
  readonly answer?: string;
}

/** Sends an answer. The list asks anew however it went: a refused one may mean that somebody else was faster. */
export function useAnswer({ request, how }: Answering, onDone: () => void) {
  const { t, time } = useWords();
  const client = useQueryClient();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);

  async function send(answer: Answer) {
    setBusy(true);
    setError(undefined);
    const problem = await call("POST", `/access/requests/${request.id}/${how}`, answer).then(
      () => undefined,
      (failed: unknown) => failed as Error,
    );
    await client.invalidateQueries({ queryKey: ["access", "requests"] });
    setBusy(false);
    setError(problem);
    if (problem) return;
    const message =
      answer.until === undefined
        ? t("access.grants.refused")
        : t("access.grants.granted", { when: time(answer.until) });
    notifications.show({ message, closeButtonProps: { "aria-label": t("app.close") } });
    onDone();
  }
  return { error, isBusy, forget: () => setError(undefined), send };
}
