import { Checkbox, Stack, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import type { Words } from "../words/index.ts";

/** Says what signing out does to what has not been sent, before it is done. */
export function askSignOut(t: Words["t"], pending: number): void {
  let erase = false;
  modals.openConfirmModal({
    title: t("app.signOut.title"),
    labels: { confirm: t("app.menu.signOut"), cancel: t("app.cancel") },
    confirmProps: { color: pending > 0 ? "red" : "accent", variant: "filled" },
    children: (
      <Stack gap="sm">
        <Text size="sm">{t("app.signOut.text")}</Text>
        {pending > 0 && (
          <Text size="sm" c="var(--warn)">
            {t("app.signOut.pending", { count: pending })}
          </Text>
        )}
        <Checkbox
          label={t("app.signOut.erase")}
          description={t("app.signOut.eraseText")}
          onChange={(event) => (erase = event.currentTarget.checked)}
        />
      </Stack>
    ),
    onConfirm: () => void window.kontor.signOut({ erase }),
  });
}
