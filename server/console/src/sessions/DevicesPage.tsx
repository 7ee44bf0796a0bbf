import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { call, type DeviceRow } from "../api/api.ts";
import { DataTable, type Column } from "../ui/DataTable.tsx";
import { Loaded } from "../ui/Loaded.tsx";
import { useAct } from "../ui/useAct.ts";
import { useWords } from "../words/words.ts";

export function DevicesPage() {
  const { t, time } = useWords();
  const { act, confirm } = useAct();
  const devices = useQuery({
    queryKey: ["devices"],
    queryFn: () => call<readonly DeviceRow[]>("GET", "/admin/devices?limit=500"),
  });
  const columns: readonly Column<DeviceRow>[] = [
    { key: "name", title: t("devices.name"), text: (device) => device.name },
    { key: "person", title: t("sessions.person"), text: (device) => device.userName },
    { key: "platform", title: t("devices.platform"), text: (device) => device.platform },
    {
      key: "added",
      title: t("devices.added"),
      text: (device) => device.createdAt,
      show: (device) => time(device.createdAt),
    },
    {
      key: "lastSeen",
      title: t("sessions.lastSeen"),
      text: (device) => device.lastSeenAt,
      show: (device) => time(device.lastSeenAt),
    },
    {
      key: "state",
      title: t("devices.state"),
      text: (device) =>
        device.revokedAt === null
          ? t("devices.state.active")
          : t("devices.state.revoked", { when: time(device.revokedAt) }),
    },
    {
      key: "trusted",
      title: t("devices.trusted"),
      text: (device) => t(device.trusted ? "devices.trusted.yes" : "devices.trusted.no"),
    },
  ];
  const setTrust = async (device: DeviceRow, trusted: boolean) => {
    await call("PUT", `/admin/devices/${device.id}/trust`, { trusted });
    return t("people.saved");
  };
  return (
    <>
      <div className="page-head">
        <h1>{t("devices.title")}</h1>
      </div>
      <div className="page-body">
        <section className="panel">
          <Loaded query={devices}>
            {(rows) => (
              <DataTable
                name="devices"
                rows={rows}
                columns={columns}
                idOf={(device) => device.id}
                actions={(device) =>
                  device.revokedAt === null && (
                    <>
                      {device.trusted ? (
                        <Button size="compact-xs" mr={6} onClick={() => void act(() => setTrust(device, false))}>
                          {t("devices.distrust")}
                        </Button>
                      ) : (
                        <Button
                          size="compact-xs"
                          mr={6}
                          onClick={() =>
                            confirm({
                              title: t("devices.trust"),
                              words: t("devices.trust.ask", { device: device.name, name: device.userName }),
                              run: () => setTrust(device, true),
                            })
                          }
                        >
                          {t("devices.trust")}
                        </Button>
                      )}
                      <Button
                        size="compact-xs"
                        onClick={() =>
                          confirm({
                            title: t("devices.revoke"),
                            words: t("devices.revoke.ask", { device: device.name, name: device.userName }),
                            run: async () => {
                              await call("POST", `/admin/devices/${device.id}/revoke`);
                              return t("people.saved");
                            },
                          })
                        }
                      >
                        {t("devices.revoke")}
                      </Button>
                    </>
                  )
                }
              />
            )}
          </Loaded>
        </section>
      </div>
    </>
  );
}
