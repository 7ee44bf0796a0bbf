import { Button } from "@mantine/core";
import { useWords } from "../words/words.ts";

/** Below a list that comes page by page: the next page, and how many rows are here. */
export function MoreRows(props: {
  readonly pages: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly isPending: boolean;
    fetchNextPage(): Promise<unknown>;
  };
  readonly count: number;
}) {
  const { count, pages } = props;
  const { t } = useWords();
  return (
    <div style={{ display: "flex", gap: 12, alignItems: "center", marginTop: 10 }}>
      {pages.hasNextPage && (
        <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t("people.more")}
        </Button>
      )}
      <span className="quiet" role="status">
        {pages.isPending ? t("app.loading") : t("app.rows", { count })}
      </span>
    </div>
  );
}
