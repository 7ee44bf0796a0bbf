import { notifications } from "@mantine/notifications";
import { useEffect, useRef } from "react";
import { useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";

/** What happened without the user: said once, and not as an alarm. */
export function useNotices(): void {
  const { status } = useReplica();
  const { t } = useWords();
  const issues = useRef(status.issues);
  useEffect(() => {
    if (status.issues > issues.current) {
      notifications.show({ color: "red", title: t("app.notice.issue"), message: t("app.notice.issueText") });
    }
    issues.current = status.issues;
  }, [status.issues, t]);

  const rebuiltAt = status.rebuilt?.at;
  useEffect(() => {
    if (!rebuiltAt) return;
    notifications.show({
      id: `rebuilt-${rebuiltAt}`,
      color: "yellow",
      autoClose: false,
      title: t("app.notice.rebuilt"),
      message: t("app.notice.rebuiltText", { path: status.rebuilt?.setAsideAs ?? "" }),
    });
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once per rebuilding
  }, [rebuiltAt]);
}
