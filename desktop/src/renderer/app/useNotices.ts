import { notifications } from "@mantine/notifications";
import { useEffect, useRef } from "react";
import type { IssueItem } from "#contract";
import { useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";

/** Long enough to read which one it was, and why. */
const ISSUE_MS = 10_000;

/** What happened without the user: said once, and not as an alarm. */
export function useNotices(): void {
  const { call, status } = useReplica();
  const { t, reason } = useWords();
  const issues = useRef(status.issues);
  useEffect(() => {
    if (status.issues > issues.current) void call("issues.list", {}).then(tell, () => undefined);
    issues.current = status.issues;

    function tell(items: readonly IssueItem[]): void {
      const newest = items.toSorted((a, b) => b.at.localeCompare(a.at))[0];
      if (!newest) return;
      const why = reason(newest.reason, newest.message);
      notifications.show({
        color: "red",
        title: t("app.notice.issue"),
        message: `${newest.title ? `${newest.title}: ` : ""}${why} ${t("app.notice.issueText")}`,
        autoClose: ISSUE_MS,
      });
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once for each that comes, in whatever language
  }, [status.issues]);

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
