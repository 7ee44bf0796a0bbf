import { Alert } from "@mantine/core";
import { useItems } from "../../outbox/useItems.ts";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./compose.module.css";

/** The server did not take it when it was sent: why, where it is mended. Closing it clears it from what was refused, too. */
export function RefusedSend({ draftId }: { readonly draftId: string }) {
  const { problem, reason, t } = useWords();
  const { call } = useReplica();
  const refused = useItems("issues.list")?.filter(({ name, rowId }) => name === "mail.send" && rowId === draftId);
  const newest = refused?.toSorted((a, b) => b.at.localeCompare(a.at))[0];
  if (!refused || !newest) return null;
  const said = newest.problems.length > 0 ? newest.problems.map(problem).join(" ") : undefined;
  return (
    <Alert
      color="red"
      className={classes.alert ?? ""}
      withCloseButton
      closeButtonLabel={t("app.close")}
      onClose={() => refused.forEach(({ mid }) => void call("issues.discard", { mid }))}
    >
      {t("compose.sendFailed", { reason: said ?? reason(newest.reason, newest.message) })}
    </Alert>
  );
}
