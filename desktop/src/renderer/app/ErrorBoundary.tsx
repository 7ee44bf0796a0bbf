import { Button, Code, Group, Stack, Text, Title } from "@mantine/core";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { newId } from "@kontor/shared/base";
import { useWords } from "../words/index.ts";

interface Failure {
  readonly id: string;
  readonly report: string;
}

/** What nobody foresaw: an id to name, the details to copy, and a way on. What was typed is in the drafts. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { failure?: Failure }> {
  override state: { failure?: Failure } = {};

  static getDerivedStateFromError(error: unknown): { failure: Failure } {
    const id = newId().slice(-8);
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { failure: { id, report: `Kontor ${window.kontor.version}, ${id}\n${details}` } };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    console.error(this.state.failure?.id, error, info.componentStack);
  }

  override render(): ReactNode {
    const { failure } = this.state;
    return failure ? (
      <FailureScreen failure={failure} retry={() => this.setState({ failure: undefined } as never)} />
    ) : (
      this.props.children
    );
  }
}

function FailureScreen({ failure, retry }: { readonly failure: Failure; readonly retry: () => void }) {
  const { t } = useWords();
  return (
    <Stack h="100%" align="center" justify="center" gap="sm" p="xl" role="alert">
      <Title order={1}>{t("app.failure.title")}</Title>
      <Text c="dimmed" ta="center" maw={460}>
        {t("app.failure.text")}
      </Text>
      <Code>{failure.id}</Code>
      <Group>
        <Button onClick={() => void window.kontor.copyText(failure.report)}>{t("app.failure.copy")}</Button>
        <Button variant="filled" onClick={retry}>
          {t("app.failure.retry")}
        </Button>
      </Group>
    </Stack>
  );
}
