import { Button, Modal, Text } from "@mantine/core";
import { useWords } from "../../words/index.ts";
import classes from "./dialogs.module.css";

/** Says where a link really leads before anything goes there. */
export function AddressDialog(props: { readonly address: string; readonly shown: string; readonly close: () => void }) {
  const { address, close, shown } = props;
  const { t } = useWords();
  const host = hostOf(address);
  return (
    <Modal
      opened
      onClose={close}
      size={480}
      title={t("mail.address.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <Text size="sm">{t("mail.address.says", { shown })}</Text>
      <p className={classes.address}>
        {address.split(host).map((part, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- parts of one text
          <span key={index}>
            {index > 0 && <b>{host}</b>}
            {part}
          </span>
        ))}
      </p>
      <div className={classes.dialogButtons}>
        <Button data-autofocus variant="filled" onClick={close}>
          {t("mail.address.stay")}
        </Button>
        <Button
          color="red"
          variant="subtle"
          onClick={() => {
            close();
            void window.kontor.openLink(address);
          }}
        >
          {t("mail.address.open", { host })}
        </Button>
      </div>
    </Modal>
  );
}

function hostOf(address: string): string {
  try {
    return new URL(address).hostname || address;
  } catch {
    return address;
  }
}
