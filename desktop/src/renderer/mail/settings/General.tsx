import { ActionIcon, SegmentedControl, Switch } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { mailLimits, type MailSettingsDoc } from "@kontor/shared/mail";
import { useWords } from "../../words/index.ts";
import { useSettingsChange } from "./useSettingsChange.ts";
import classes from "./settings.module.css";

export function General({ settings }: { readonly settings: MailSettingsDoc }) {
  const { t } = useWords();
  const change = useSettingsChange();
  return (
    <>
      <div className={classes.setting}>
        <div>
          <b id="undo-time">{t("mailSettings.undo")}</b>
          <p>{t("mailSettings.undo.hint")}</p>
        </div>
        <SegmentedControl
          size="xs"
          aria-labelledby="undo-time"
          value={String(settings.undoSeconds)}
          data={mailLimits.undoSeconds.map((seconds) => ({
            value: String(seconds),
            label: seconds === 0 ? t("mailSettings.undo.off") : t("mailSettings.undo.seconds", { count: seconds }),
          }))}
          onChange={(value) => {
            const undoSeconds = mailLimits.undoSeconds.find((seconds) => String(seconds) === value);
            if (undoSeconds !== undefined) void change({ undoSeconds });
          }}
        />
      </div>
      <div className={classes.setting}>
        <div>
          <b id="conversations">{t("mailSettings.conversations")}</b>
          <p>{t("mailSettings.conversations.hint")}</p>
        </div>
        <Switch
          aria-labelledby="conversations"
          checked={settings.conversations}
          onChange={(event) => void change({ conversations: event.currentTarget.checked })}
        />
      </div>
      <div className={classes.setting}>
        <div>
          <b>{t("mailSettings.remote")}</b>
          <p>{t(settings.remoteAllowed.length === 0 ? "mailSettings.remote.none" : "mailSettings.remote.hint")}</p>
          <ul className={classes.senders}>
            {settings.remoteAllowed.toSorted().map((sender) => (
              <li key={sender}>
                {sender}
                <ActionIcon
                  size={20}
                  aria-label={t("mailSettings.remote.block", { sender })}
                  onClick={() => void change({ blockRemote: sender })}
                >
                  <IconX size={13} />
                </ActionIcon>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </>
  );
}
