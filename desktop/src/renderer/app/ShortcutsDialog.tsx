import { Kbd, Modal } from "@mantine/core";
import { Fragment } from "react";
import { useWords } from "../words/index.ts";
import { keysOf, shortcuts } from "./shortcuts.ts";
import classes from "./shell.module.css";

export function ShortcutsDialog(props: { readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useWords();
  const isMac = window.kontor.platform === "darwin";
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t("app.key.shortcuts")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <dl className={classes.keys}>
        {shortcuts.map((each) => (
          <Fragment key={each.id}>
            <dt>{t(each.words)}</dt>
            <dd>
              {keysOf(each, isMac).map((key) => (
                <Kbd key={key} size="xs">
                  {key}
                </Kbd>
              ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Modal>
  );
}
