import { Button, Group, Modal, Text } from "@mantine/core";
import { useWords } from "../../words/index.ts";

export function ConfirmDiscard(props: { readonly close: () => void; readonly discard: () => void }) {
  const { t } = useWords();
  return (
    <Modal
      opened
      onClose={props.close}
      title={t("compose.discard.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <Text size="sm">{t("compose.discard.text")}</Text>
      <Group justify="flex-end" mt="md">
        <Button data-autofocus onClick={props.close}>
          {t("app.cancel")}
        </Button>
        <Button variant="filled" color="red" onClick={props.discard}>
          {t("compose.discard")}
        </Button>
      </Group>
    </Modal>
  );
}
