import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useWords } from "../words/index.ts";

/** Whoever opens a program is asked whether to save it: Kontor starts none. */
export function useSaveProgram(): (name: string, save: () => void) => void {
  const { t } = useWords();
  return (name, save) =>
    void modals.openConfirmModal({
      title: t("files.program.title"),
      children: <Text size="sm">{t("files.program.text", { name })}</Text>,
      labels: { confirm: t("files.saveAs"), cancel: t("app.cancel") },
      cancelProps: { "data-autofocus": true }, // whoever answers without reading saves nothing
      onConfirm: save,
    });
}
