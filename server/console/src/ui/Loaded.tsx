import { Alert, Button } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Problem } from "../api/api.ts";
import { useWords } from "../words/words.ts";

/** What a query brought, or what went wrong with it and how to ask again. */
export function Loaded<Data>({
  query,
  children,
}: {
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}) {
  const { t } = useWords();
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <p className="quiet" role="status">
      {t("app.loading")}
    </p>
  );
}

export function ProblemAlert({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const { t, reason } = useWords();
  return (
    <Alert
      color="red"
      role="alert"
      title={error instanceof Problem ? reason(error.reason, error.message) : error.message}
    >
      {error instanceof Problem && error.requestId && (
        // On this ground what is quiet elsewhere could not be read.
        <span style={{ color: "var(--ink-2)" }}>{t("app.requestId", { id: error.requestId })} </span>
      )}
      {onRetry && (
        <Button mt={6} onClick={onRetry}>
          {t("app.retry")}
        </Button>
      )}
    </Alert>
  );
}
