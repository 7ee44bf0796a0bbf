import { ActionIcon, Tooltip } from "@mantine/core";
import { IconLinkOff, IconMail, IconPaperclip } from "@tabler/icons-react";
import { go } from "../app/route.ts";
import { useReplica, useWatched } from "../replica/index.ts";
import { Time } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { useAddresses } from "./useAddresses.ts";
import classes from "./mail.module.css";

/** Conversations that belong to a record, as far as one sees the mailboxes in which they lie. */
export function LinkedMail({ recordId }: { readonly recordId: string }) {
  const { t } = useWords();
  const { call } = useReplica();
  const addresses = useAddresses();
  const linked = useWatched("mail.ofRecord", { recordId }) ?? [];
  if (linked.length === 0) return null;
  return (
    <section className={classes.ofRecord} aria-label={t("mail.ofRecord")}>
      <h3>{t("mail.ofRecord")}</h3>
      <ul>
        {linked.map(({ linkId, row }) => (
          <li key={linkId}>
            <button type="button" onClick={() => go({ at: "mail", place: `f-${row.folderId}`, id: row.key })}>
              <IconMail size={15} stroke={1.6} aria-hidden />
              <b>{row.subject || t("mail.noSubject")}</b>
              <span>
                {row.people.map((each) => (each.me ? t("mail.me") : addresses.nameOf(each))).join(", ")}
                {row.count > 1 && ` (${row.count})`}
              </span>
              {row.files && <IconPaperclip size={14} aria-label={t("mail.hasFiles")} />}
              <Time at={row.at} />
            </button>
            <Tooltip label={t("mail.unlink")}>
              <ActionIcon
                size={24}
                aria-label={t("mail.unlink")}
                onClick={() => void call("mail.unlink", { id: linkId })}
              >
                <IconLinkOff size={14} />
              </ActionIcon>
            </Tooltip>
          </li>
        ))}
      </ul>
    </section>
  );
}
