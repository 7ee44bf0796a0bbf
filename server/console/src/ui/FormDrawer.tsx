import { Button, Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { useWords } from "../words/words.ts";
import { ProblemAlert } from "./Loaded.tsx";
import { useSave, type SaveOptions } from "./useSave.ts";

interface Props<Values extends object> extends SaveOptions<Values> {
  readonly title: string;
  readonly onClose: () => void;
  /** Something without which it is not to be saved is still missing. */
  readonly isIncomplete?: boolean;
  /** There is nothing to cancel: what is shown is saved, and the form stays. */
  readonly stays?: boolean;
  /** What else may be done with it, at the other end of the row. */
  readonly actions?: ReactNode;
  /** Beneath the form. */
  readonly below?: ReactNode;
  readonly children: ReactNode;
}

/** One thing, added or changed, in a drawer beside the list in which it stands. */
export function FormDrawer<Values extends object>({
  title,
  onClose,
  isIncomplete = false,
  stays = false,
  actions,
  below,
  children,
  ...saving
}: Props<Values>) {
  const { t } = useWords();
  const { error, busy, onSubmit } = useSave(saving);
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={480}
      title={title}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form onSubmit={onSubmit} className="form">
        {error && <ProblemAlert error={error} />}
        {children}
        <div className="form-actions">
          <Button type="submit" variant="filled" loading={busy} disabled={isIncomplete}>
            {t("app.save")}
          </Button>
          <Button onClick={onClose}>{t(stays ? "app.close" : "app.cancel")}</Button>
          <span className="grow" />
          {actions}
        </div>
      </form>
      {below}
    </Drawer>
  );
}
