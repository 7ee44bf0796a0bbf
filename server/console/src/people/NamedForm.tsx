import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { call, type Department, type Structure } from "../api/api.ts";
import { emptyToNull } from "../ui/emptyToNull.ts";
import { ProblemAlert } from "../ui/Loaded.tsx";
import { useSave } from "../ui/useSave.ts";
import { useWords } from "../words/words.ts";
import { departmentOptions } from "./departmentTree.ts";

/** What is being added or changed: a department, below another or not, a group or a position. */
export type NamedFormKind =
  | { readonly kind: "department"; readonly department?: Department; readonly parentId?: string }
  | { readonly kind: "group" }
  | { readonly kind: "position" };

const titles = { department: "structure.add", group: "structure.addGroup", position: "structure.addPosition" } as const;

export function NamedForm({
  form: what,
  structure,
  onClose,
}: {
  form: NamedFormKind;
  structure: Structure;
  onClose: () => void;
}) {
  const { t, locale, named } = useWords();
  const department = what.kind === "department" ? what.department : undefined;
  const form = useForm({
    initialValues: {
      nameEn: department?.nameEn ?? "",
      nameRu: department?.nameRu ?? "",
      code: department?.code ?? "",
      parentId: department?.parentId ?? (what.kind === "department" ? (what.parentId ?? null) : null),
      key: "",
    },
  });

  async function save({ nameEn, nameRu, code, parentId, key }: typeof form.values) {
    if (what.kind !== "department")
      return call<void>("POST", what.kind === "group" ? "/admin/groups" : "/admin/positions", { nameEn, nameRu, key });
    const body = { nameEn, nameRu, parentId, code: emptyToNull(code) };
    if (department) await call("PATCH", `/admin/departments/${department.id}`, body);
    else await call("POST", "/admin/departments", body);
  }
  const { error, busy, onSubmit } = useSave({ form, save, onSaved: onClose });

  return (
    <Modal
      opened
      onClose={onClose}
      title={department ? t("structure.edit", { name: named(department) }) : t(titles[what.kind])}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form onSubmit={onSubmit} className="form">
        {error && <ProblemAlert error={error} />}
        <TextInput
          label={t("structure.nameEn")}
          required
          maxLength={200}
          data-autofocus
          {...form.getInputProps("nameEn")}
        />
        <TextInput label={t("structure.nameRu")} required maxLength={200} {...form.getInputProps("nameRu")} />
        {what.kind === "department" ? (
          <>
            <Select
              label={t("structure.parent")}
              data={departmentOptions(
                structure.departments.filter(({ id }) => id !== department?.id),
                locale,
              )}
              searchable
              clearable
              {...form.getInputProps("parentId")}
            />
            <TextInput label={t("structure.code")} maxLength={40} {...form.getInputProps("code")} />
          </>
        ) : (
          <TextInput label={t("structure.key")} required maxLength={63} {...form.getInputProps("key")} />
        )}
        <div className="form-actions">
          <Button type="submit" variant="filled" loading={busy}>
            {t("app.save")}
          </Button>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
        </div>
      </form>
    </Modal>
  );
}
