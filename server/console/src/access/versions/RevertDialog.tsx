import { Button, Modal, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../../api/api.ts";
import { Link } from "../../ui/Link.tsx";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import type { VersionHead } from "../access.api.ts";
import { accessAddress } from "../routes.ts";

interface Props {
  readonly version: VersionHead;
  /** What is in force now, and would be taken back. */
  readonly baseRev: string;
  readonly onClose: () => void;
}

export function RevertDialog({ version, baseRev, onClose }: Props) {
  const { t, time } = useWords();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const { rev } = version;

  async function revert() {
    setBusy(true);
    setError(undefined);
    try {
      await call("POST", `/access/versions/${rev}/revert`, { baseRev, confirm: typed });
      notifications.show({
        message: t("access.revert.done", { rev }),
        closeButtonProps: { "aria-label": t("app.close") },
      });
      onClose();
    } catch (problem) {
      setError(problem as Error);
      setBusy(false);
    } finally {
      await client.invalidateQueries({ queryKey: ["access"] });
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={t("access.versions.revertTo", { rev })}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form
        style={{ display: "grid", gap: 10 }}
        onSubmit={(event) => {
          event.preventDefault();
          void revert();
        }}
      >
        <p style={{ margin: 0 }}>
          {t("access.revert.words", { rev, base: baseRev, when: time(version.publishedAt) })}{" "}
          <Link to={accessAddress.compare(baseRev, rev)}>{t("access.revert.see")}</Link>
        </p>
        {error && <ProblemAlert error={error} />}
        <TextInput
          data-autofocus
          label={t("access.revert.type", { rev })}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <div className="toolbar">
          <span className="grow" />
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button type="submit" variant="filled" color="red" loading={busy} disabled={typed.trim() !== rev}>
            {t("access.versions.revert")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
