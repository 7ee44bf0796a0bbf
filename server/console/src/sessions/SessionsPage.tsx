import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { call, type SessionRow } from "../api/api.ts";
import { DataTable, type Column } from "../ui/DataTable.tsx";
import { Loaded } from "../ui/Loaded.tsx";
import { useAct } from "../ui/useAct.ts";
import { en } from "../words/en.ts";
import { useWords, type WordKey } from "../words/words.ts";

export function SessionsPage() {
  const { t, time } = useWords();
  const { confirm } = useAct();
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: () => call<readonly SessionRow[]>("GET", "/admin/sessions?limit=500"),
  });
  const channelOf = ({ channel }: SessionRow) =>
    `sessions.channel.${channel}` in en ? t(`sessions.channel.${channel}` as WordKey) : channel;
  const columns: readonly Column<SessionRow>[] = [
    { key: "person", title: t("sessions.person"), text: (session) => session.userName },
    { key: "channel", title: t("sessions.channel"), text: channelOf },
    { key: "device", title: t("sessions.device"), text: (session) => session.deviceName ?? "" },
    { key: "ip", title: t("sessions.ip"), text: (session) => session.ip ?? "" },
    {
      key: "created",
      title: t("sessions.created"),
      text: (session) => session.createdAt,
      show: (session) => time(session.createdAt),
    },
    {
      key: "lastSeen",
      title: t("sessions.lastSeen"),
      text: (session) => session.lastSeenAt,
      show: (session) => time(session.lastSeenAt),
    },
  ];
  return (
    <>
      <div className="page-head">
        <h1>{t("sessions.title")}</h1>
      </div>
      <div className="page-body">
        <section className="panel">
          <Loaded query={sessions}>
            {(rows) => (
              <DataTable
                name="sessions"
                rows={rows}
                columns={columns}
                idOf={(session) => session.id}
                actions={(session) => (
                  <Button
                    size="compact-xs"
                    onClick={() =>
                      confirm({
                        title: t("sessions.end"),
                        words: t("sessions.end.ask", { name: session.userName }),
                        run: async () => {
                          await call("DELETE", `/admin/sessions/${session.id}`);
                          return t("people.signedOut", { count: 1 });
                        },
                      })
                    }
                  >
                    {t("sessions.end")}
                  </Button>
                )}
              />
            )}
          </Loaded>
        </section>
      </div>
    </>
  );
}
