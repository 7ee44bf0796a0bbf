import { Alert, Button, Code, CopyButton } from "@mantine/core";
import { IconAlertTriangle, IconShieldCheck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { call } from "../api/api.ts";
import { Loaded } from "../ui/Loaded.tsx";
import { useAct } from "../ui/useAct.ts";
import { useWords } from "../words/words.ts";
import type { AuditState } from "./audit.api.ts";
import { useAuditWords } from "./useAuditWords.ts";

const QUIET_MS = 10_000;
const WAITING_MS = 1_500; // new entries get their numbers within a second or two
const VERIFYING_MS = 500; // a small log is verified in less

/** Whether the log is whole, and what to note elsewhere so that this can be said for ever. */
export function ChainPanel() {
  const state = useQuery({
    queryKey: ["audit-state"],
    queryFn: () => call<AuditState>("GET", "/audit/state"),
    refetchInterval: ({ state: { data } }) =>
      data?.verifying ? VERIFYING_MS : data && data.unchained > 0 ? WAITING_MS : QUIET_MS,
  });
  return (
    <section className="panel" aria-labelledby="audit-chain">
      <Loaded query={state}>{(found) => <Chain state={found} />}</Loaded>
    </section>
  );
}

function Chain({ state }: { state: AuditState }) {
  const { t, time, number } = useWords();
  const { moment } = useAuditWords();
  const { act } = useAct();
  const client = useQueryClient();
  const { head, oldest, unchained, days, verified, verifying } = state;
  const noted = `${head.number}:${head.hash}`;

  const seen = useRef(head.number);
  useEffect(() => {
    if (seen.current !== head.number) void client.invalidateQueries({ queryKey: ["audit"] });
    seen.current = head.number;
  }, [head.number, client]);

  return (
    <>
      <div style={{ display: "flex", gap: 12, alignItems: "center", flexWrap: "wrap" }}>
        <h2 id="audit-chain" style={{ margin: 0 }}>
          {t("audit.chain")}
        </h2>
        <span role="status" style={{ display: "inline-flex", gap: 6, alignItems: "center" }}>
          {verifying ? (
            t("audit.verifying")
          ) : verified === undefined || (verified.lastNumber === 0 && !verified.fault) ? (
            t("audit.verified.never")
          ) : verified.fault ? null : (
            <>
              <IconShieldCheck size={16} color="var(--good)" aria-hidden />
              {t("audit.verified", { number: number(verified.lastNumber), when: time(verified.at) })}
            </>
          )}
        </span>
        <span className="grow" />
        <Button
          loading={verifying}
          onClick={() =>
            void act(async () => {
              await call("POST", "/audit/verify");
              return undefined;
            })
          }
        >
          {t("audit.verify")}
        </Button>
      </div>
      {verified?.fault && (
        <Alert
          color="red"
          role="alert"
          mt={10}
          icon={<IconAlertTriangle size={18} />}
          title={t("audit.broken", { number: verified.fault.number })}
        >
          {t("audit.broken.lead", { count: verified.checked, when: time(verified.at) })} {verified.fault.words}
        </Alert>
      )}
      <p className="quiet" style={{ margin: "8px 0 0" }}>
        {oldest
          ? t("audit.kept", { number: number(head.number), since: moment(oldest.at), days })
          : t("audit.kept.nothing", { days })}{" "}
        {unchained > 0 && t("audit.unchained", { count: unchained })}
      </p>
      <div style={{ display: "flex", gap: 8, alignItems: "center", marginTop: 8, minWidth: 0 }}>
        <span className="quiet">{t("audit.head")}</span>
        <Code style={{ overflow: "hidden", textOverflow: "ellipsis" }} title={t("audit.head.why")}>
          {noted}
        </Code>
        <CopyButton value={noted}>
          {({ copied, copy }) => (
            <Button size="compact-xs" onClick={copy}>
              {t(copied ? "audit.copied" : "audit.copy")}
            </Button>
          )}
        </CopyButton>
      </div>
    </>
  );
}
