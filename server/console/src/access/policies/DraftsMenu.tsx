import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconPlus } from "@tabler/icons-react";
import { go } from "../../app/route.ts";
import { useWords } from "../../words/words.ts";
import { useDrafts } from "../access.api.ts";
import { accessAddress } from "../routes.ts";
import { useBeginDraft } from "./useBeginDraft.ts";

export function DraftsMenu() {
  const { t, time } = useWords();
  const drafts = useDrafts().data ?? [];
  const begin = useBeginDraft();
  return (
    <>
      {drafts.length > 0 && (
        <Menu position="bottom-end" width={340}>
          <Menu.Target>
            <Button rightSection={<IconChevronDown size={14} />}>
              {t("access.drafts.count", { count: drafts.length })}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {drafts.map((draft) => (
              <Menu.Item key={draft.id} onClick={() => go(accessAddress.draft(draft.id))}>
                <span className="two-lines">
                  <span>{draft.title}</span>
                  <span className="quiet">
                    {t("access.drafts.savedBy", {
                      name: draft.updatedBy?.name ?? t("access.server"),
                      when: time(draft.updatedAt),
                    })}
                  </span>
                </span>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => void begin()}>
        {t("access.drafts.new")}
      </Button>
    </>
  );
}
