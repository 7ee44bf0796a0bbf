import { Button, Table } from "@mantine/core";
import { call } from "../../api/api.ts";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import { CopyText } from "../CopyText.tsx";
import type { DomainKey, MailDomain } from "../mail.api.ts";
import { StateMark, type Tone } from "../StateMark.tsx";

const tones: Readonly<Record<DomainKey["state"], Tone>> = { pending: "warn", active: "good", retired: "quiet" };

/** With what mail of a domain is signed; a new pair stands beside the old one until the DNS has it. */
export function DomainKeys({ domain }: { readonly domain: MailDomain }) {
  const { t, time } = useWords();
  const { act, confirm } = useAct();
  const { name, keys, findings } = domain;
  /** Among what the DNS lacks; before the first look there is nothing above. */
  const isShownAbove = ({ selector }: DomainKey) => findings.some((finding) => finding.selector === selector);
  const pending = keys.filter(({ state }) => state === "pending");
  return (
    <details style={{ marginTop: 12, paddingTop: 12, borderTop: "1px solid var(--line)" }} open={pending.length > 0}>
      <summary style={{ cursor: "pointer", fontWeight: 560 }}>{t("mail.keys.title", { count: keys.length })}</summary>
      <Table.ScrollContainer minWidth={640}>
        <Table verticalSpacing={6} style={{ marginTop: 8 }} aria-label={t("mail.keys.label", { name })}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("mail.keys.selector")}</Table.Th>
              <Table.Th>{t("mail.keys.state")}</Table.Th>
              <Table.Th>{t("mail.keys.made")}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.map((key) => (
              <Table.Tr key={key.id}>
                <Table.Td>
                  <div style={{ display: "grid", gap: 4 }}>
                    <span style={{ overflowWrap: "anywhere" }}>{key.record.name}</span>
                    {key.state === "pending" && !isShownAbove(key) && (
                      <CopyText text={key.record.value} label={key.record.name} />
                    )}
                  </div>
                </Table.Td>
                <Table.Td>
                  <StateMark tone={tones[key.state]}>{t(`mail.keys.state.${key.state}`)}</StateMark>
                </Table.Td>
                <Table.Td className="quiet" style={{ whiteSpace: "nowrap" }}>
                  {time(key.createdAt)}
                </Table.Td>
                <Table.Td style={{ textAlign: "right" }}>
                  {key.state !== "active" && (
                    <Button
                      size="compact-xs"
                      aria-label={`${t("mail.keys.remove")}: ${key.selector}`}
                      onClick={() =>
                        confirm({
                          title: t("mail.keys.remove"),
                          words: t("mail.keys.remove.ask", { selector: key.selector }),
                          run: async () => {
                            await call("DELETE", `/admin/mail/keys/${key.id}`);
                            return t("mail.keys.removed");
                          },
                        })
                      }
                    >
                      {t("mail.keys.remove")}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {pending.length > 0 && <p className="quiet">{t("mail.keys.pending")}</p>}
      <Button
        mt={8}
        onClick={() =>
          void act(async () => {
            await call("POST", `/admin/mail/domains/${encodeURIComponent(name)}/keys`);
            return t("mail.keys.added");
          })
        }
      >
        {t("mail.keys.add")}
      </Button>
    </details>
  );
}
