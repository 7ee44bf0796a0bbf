import { Alert, Badge, Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Structure } from "../api/api.ts";
import { DataTable, type Column } from "../ui/DataTable.tsx";
import { Loaded } from "../ui/Loaded.tsx";
import { useWords } from "../words/words.ts";
import { ServiceForm } from "./ServiceForm.tsx";
import { useServices, type Service } from "./services.api.ts";
import { TokenState } from "./TokenState.tsx";

/** Other systems that have an account. */
export function ServicesPage() {
  const { t, named, time } = useWords();
  const [open, setOpen] = useState<string | "new">();
  const services = useServices();
  const structure = useQuery({
    queryKey: ["structure"],
    queryFn: () => call<Structure>("GET", "/admin/structure"),
  });
  const groups = new Map(structure.data?.groups.map((group) => [group.id, named(group)]));
  const isOn = ({ state }: Service) => state === "active";
  const ending = (services.data ?? []).filter(isOn).flatMap(({ tokens }) => tokens.filter(endsSoon)).length;

  const columns: readonly Column<Service>[] = [
    { key: "name", title: t("services.name"), text: (service) => service.name },
    { key: "key", title: t("services.key"), text: (service) => service.key },
    {
      key: "groups",
      title: t("services.groups"),
      text: (service) => service.groupIds.map((id) => groups.get(id) ?? "").join(", "),
    },
    {
      key: "state",
      title: t("services.state"),
      text: (service) => t(`services.state.${service.state}`),
      show: (service) => (
        <Badge
          style={
            isOn(service)
              ? { color: "var(--good)", background: "var(--good-soft)" }
              : { color: "var(--ink-2)", background: "var(--neutral-soft)" }
          }
        >
          {t(`services.state.${service.state}`)}
        </Badge>
      ),
    },
    {
      key: "tokens",
      title: t("services.tokens"),
      text: ({ tokens }) => t("services.tokens.count", { count: tokens.length }),
      show: ({ tokens }) => (
        <span style={{ display: "inline-flex", gap: 8, alignItems: "center" }}>
          {t("services.tokens.count", { count: tokens.length })}
          {tokens.some(endsSoon) && <TokenState state="endsSoon" />}
        </span>
      ),
    },
    {
      key: "lastUsed",
      title: t("services.lastUsed"),
      text: (service) => service.lastUsedAt ?? "",
      show: (service) => <span className="quiet">{time(service.lastUsedAt)}</span>,
    },
  ];
  const opened = open === "new" ? undefined : services.data?.find(({ id }) => id === open);

  return (
    <>
      <div className="page-head">
        <h1>{t("services.title")}</h1>
        <span className="quiet">{t("services.lead")}</span>
        <span className="grow" />
        <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => setOpen("new")}>
          {t("services.add")}
        </Button>
      </div>
      <div className="page-body">
        {ending > 0 && (
          <Alert color="yellow" mb={12}>
            {t("services.warn", { count: ending })}
          </Alert>
        )}
        <section className="panel">
          <Loaded query={services}>
            {(rows) => (
              <DataTable
                name="services"
                rows={rows}
                columns={columns}
                idOf={(service) => service.id}
                onOpen={(service) => setOpen(service.id)}
                none={t("services.none")}
              />
            )}
          </Loaded>
        </section>
      </div>
      {structure.data && (open === "new" || opened) && (
        <ServiceForm
          key={open}
          service={opened}
          groups={structure.data.groups}
          onCreated={setOpen}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

const endsSoon = ({ state }: { readonly state: string }): boolean => state === "endsSoon";
