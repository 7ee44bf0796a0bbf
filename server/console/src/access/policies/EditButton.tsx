import { Button, Menu } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { go } from "../../app/route.ts";
import { useWords } from "../../words/words.ts";
import { useDrafts } from "../access.api.ts";
import { accessAddress } from "../routes.ts";
import { useBeginDraft } from "./useBeginDraft.ts";

/** Begins a draft, or continues one: nothing is changed where it is in force. */
export function EditButton({ policyId, title }: { policyId: string; title: string }) {
  const { t } = useWords();
  const drafts = useDrafts().data ?? [];
  const begin = useBeginDraft();
  const label = t("access.policies.edit", { title });
  if (drafts.length === 0) {
    return (
      <Button aria-label={label} leftSection={<IconPencil size={14} />} onClick={() => void begin(policyId)}>
        {t("access.edit")}
      </Button>
    );
  }
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <Button aria-label={label} leftSection={<IconPencil size={14} />}>
          {t("access.edit")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {drafts.map((draft) => (
          <Menu.Item key={draft.id} onClick={() => go(accessAddress.draft(draft.id, policyId))}>
            {t("access.drafts.continue", { title: draft.title })}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void begin(policyId)}>{t("access.drafts.new")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
