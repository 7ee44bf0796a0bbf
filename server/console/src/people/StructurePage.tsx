import { ActionIcon, Button, Menu, Table } from "@mantine/core";
import { IconDots, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Structure } from "../api/api.ts";
import { Loaded } from "../ui/Loaded.tsx";
import { useAct } from "../ui/useAct.ts";
import { useWords } from "../words/words.ts";
import { inTreeOrder } from "./departmentTree.ts";
import { NamedForm, type NamedFormKind } from "./NamedForm.tsx";

const INDENT_PX = 20;

export function StructurePage() {
  const { t } = useWords();
  const structure = useQuery({ queryKey: ["structure"], queryFn: () => call<Structure>("GET", "/admin/structure") });
  const [form, setForm] = useState<NamedFormKind>();
  return (
    <>
      <div className="page-head">
        <h1>{t("structure.title")}</h1>
        <span className="grow" />
        <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => setForm({ kind: "department" })}>
          {t("structure.add")}
        </Button>
      </div>
      <div className="page-body">
        <Loaded query={structure}>
          {(data) => (
            <>
              <section className="panel" aria-label={t("structure.title")}>
                <Departments structure={data} onForm={setForm} />
              </section>
              <div className="plots">
                <section className="panel" aria-labelledby="groups">
                  <Groups structure={data} onForm={setForm} />
                </section>
                <section className="panel" aria-labelledby="positions">
                  <Positions structure={data} onForm={setForm} />
                </section>
              </div>
              {form && <NamedForm form={form} structure={data} onClose={() => setForm(undefined)} />}
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}

interface PartProps {
  readonly structure: Structure;
  readonly onForm: (form: NamedFormKind) => void;
}

function Departments({ structure, onForm }: PartProps) {
  const { t, named, locale } = useWords();
  const { confirm } = useAct();
  return (
    <Table verticalSpacing={4}>
      <Table.Tbody>
        {inTreeOrder(structure.departments, locale).map(({ department, depth }) => (
          <Table.Tr key={department.id}>
            <Table.Td style={{ paddingLeft: 10 + depth * INDENT_PX, fontWeight: depth === 0 ? 620 : 450 }}>
              {named(department)}
            </Table.Td>
            <Table.Td className="quiet">{department.code}</Table.Td>
            <Table.Td className="quiet">{t("structure.people", { count: department.people })}</Table.Td>
            <Table.Td w={40}>
              <Menu position="bottom-end">
                <Menu.Target>
                  <ActionIcon aria-label={t("structure.edit", { name: named(department) })}>
                    <IconDots size={16} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item onClick={() => onForm({ kind: "department", department })}>
                    {t("structure.edit", { name: named(department) })}
                  </Menu.Item>
                  <Menu.Item onClick={() => onForm({ kind: "department", parentId: department.id })}>
                    {t("structure.addBelow", { name: named(department) })}
                  </Menu.Item>
                  <Menu.Item
                    color="red"
                    onClick={() =>
                      confirm({
                        title: t("structure.remove"),
                        words: t("structure.remove.ask", { name: named(department) }),
                        run: async () => {
                          await call("DELETE", `/admin/departments/${department.id}`);
                          return t("people.saved");
                        },
                      })
                    }
                  >
                    {t("structure.remove")}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Groups({ structure, onForm }: PartProps) {
  const { t, named } = useWords();
  const { confirm } = useAct();
  return (
    <>
      <div style={{ display: "flex", alignItems: "center" }}>
        <h2 id="groups">{t("structure.groups")}</h2>
        <span className="grow" />
        <Button onClick={() => onForm({ kind: "group" })}>{t("structure.addGroup")}</Button>
      </div>
      <Table verticalSpacing={4}>
        <Table.Tbody>
          {structure.groups.map((group) => (
            <Table.Tr key={group.id}>
              <Table.Td>{named(group)}</Table.Td>
              <Table.Td className="quiet">{group.key}</Table.Td>
              <Table.Td className="quiet">{t("structure.people", { count: group.people })}</Table.Td>
              <Table.Td ta="right">
                {group.key !== "administrators" && (
                  <Button
                    size="compact-xs"
                    onClick={() =>
                      confirm({
                        title: t("structure.remove"),
                        words: t("structure.removeGroup.ask", { name: named(group), count: group.people }),
                        run: async () => {
                          await call("DELETE", `/admin/groups/${group.id}`);
                          return t("people.saved");
                        },
                      })
                    }
                  >
                    {t("structure.remove")}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

function Positions({ structure, onForm }: PartProps) {
  const { t, named } = useWords();
  return (
    <>
      <div style={{ display: "flex", alignItems: "center" }}>
        <h2 id="positions">{t("structure.positions")}</h2>
        <span className="grow" />
        <Button onClick={() => onForm({ kind: "position" })}>{t("structure.addPosition")}</Button>
      </div>
      <Table verticalSpacing={4}>
        <Table.Tbody>
          {structure.positions.map((position) => (
            <Table.Tr key={position.id}>
              <Table.Td>{named(position)}</Table.Td>
              <Table.Td className="quiet">{position.key}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {structure.positions.length === 0 && <p className="quiet">{t("app.nothing")}</p>}
    </>
  );
}
