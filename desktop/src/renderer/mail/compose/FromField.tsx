import { NativeSelect } from "@mantine/core";
import type { MailboxDoc } from "@kontor/shared/mail";
import { useDirectory } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { sameSender, sendersOf, type ComposerFields, type Sender } from "./composer.fields.ts";
import classes from "./compose.module.css";

/** Whose name it leaves under; one who has a single address is not asked. */
export function FromField(props: {
  readonly mailboxes: readonly MailboxDoc[];
  readonly fields: ComposerFields;
  readonly choose: (sender: Sender) => void;
}) {
  const { t } = useWords();
  const { myId } = useDirectory();
  const senders = sendersOf(props.mailboxes, myId);
  if (senders.length < 2) return null;
  const current = senders.findIndex((each) => sameSender(each, props.fields));
  return (
    <div className={classes.line}>
      <span className={classes.lineLabel} aria-hidden>
        {t("compose.from")}
      </span>
      <NativeSelect
        variant="unstyled"
        size="xs"
        aria-label={t("compose.from")}
        className={classes.from ?? ""}
        value={String(current)}
        onChange={(event) => {
          const chosen = senders[Number(event.currentTarget.value)];
          if (chosen) props.choose(chosen);
        }}
        data={[
          ...(current === -1 ? [{ value: "-1", label: props.fields.from.address, disabled: true }] : []),
          ...senders.map(({ address: { address, name } }, index) => ({
            value: String(index),
            label: name === undefined ? address : `${name} · ${address}`,
          })),
        ]}
      />
    </div>
  );
}
