import { Alert } from "@mantine/core";
import type { ReplicaMessage } from "#contract";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { useRefusedSends } from "../useRefusedSends.ts";
import { refusalLeft } from "./refusal.ts";
import classes from "./compose.module.css";

/** The server did not take it when it was sent: why, until it is mended. Closing it clears it from what was refused, too. */
export function RefusedSend({ message }: { readonly message: ReplicaMessage }) {
  const { problem, reason, t } = useWords();
  const { call } = useReplica();
  const { bcc = [], cc, id, to } = message;
  const refused = useRefusedSends().get(id);
  const newest = refused?.[0] && refusalLeft(refused[0], [...to, ...cc, ...bcc]);
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
