import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { mailLimits } from "@kontor/shared/mail";
import { MomentField } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { followUpAt } from "./send.times.ts";
import classes from "./compose.module.css";

const DAY_MS = 86_400_000;

/** When something is to leave. */
export function ChooseMoment(props: {
  readonly close: () => void;
  readonly chosen: (at: Date) => void;
  /** When it would leave by now. */
  readonly before?: Date;
}) {
  const { t } = useWords();
  const [opened] = useState(() => new Date());
  const [value, setValue] = useState<string | null>(() => localMoment(props.before ?? followUpAt(opened, 1)));
  const at = value === null ? undefined : new Date(value.replace(" ", "T"));
  const isAhead = at !== undefined && at.getTime() > opened.getTime();
  return (
    <Modal
      opened
      onClose={props.close}
      title={t("compose.later.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <MomentField
        label={t("compose.later.when")}
        autoFocus
        value={value}
        min={opened}
        max={new Date(opened.getTime() + mailLimits.maxScheduleDays * DAY_MS)}
        error={at !== undefined && !isAhead ? t("compose.later.past") : undefined}
        onChange={setValue}
      />
      <div className={classes.buttons}>
        <Button onClick={props.close}>{t("app.cancel")}</Button>
        <Button
          variant="filled"
          disabled={!isAhead}
          onClick={() => {
            if (at) props.chosen(at);
            props.close();
          }}
        >
          {t("compose.later.confirm")}
        </Button>
      </div>
    </Modal>
  );
}

/** As Mantine's dates are written: the wall clock, without a zone. */
function localMoment(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:00`;
}
