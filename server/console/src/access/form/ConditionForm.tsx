import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Condition } from "@kontor/shared/access";
import { useEffect, useMemo, useRef, useState } from "react";
import { useWords } from "../../words/words.ts";
import type { PolicyFault } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { appendTo, groupOpOf, isGroup, turnGroup, type TreePath } from "../policy/condition.tree.ts";
import { conditionOf, likelyLeaf } from "../policy/operators.ts";
import { ConditionPart, GroupOpChip, PartsList } from "./ConditionPart.tsx";
import { type ConditionEditing, EditingContext } from "./editing.tsx";

interface Props {
  readonly when: Condition | undefined;
  readonly resource: string;
  readonly faults: readonly PolicyFault[];
  readonly disabled: boolean;
  readonly onChange: (when: Condition | undefined) => void;
}

/** "When all hold": nested groups of conditions, each of which can be added, moved, wrapped and removed with keys. */
export function ConditionForm({ when, resource, faults, disabled, onChange }: Props) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const [focus, setFocus] = useState<{ readonly path: TreePath }>();
  const firstCondition = useFirstCondition(resource);

  // set together with the change itself, so that the part to focus is there when this runs
  useEffect(() => {
    if (!focus) return;
    box.current?.querySelector<HTMLElement>(`[data-path="${focus.path.join(".")}"] button`)?.focus();
  }, [focus]);

  const editing = useMemo<ConditionEditing | undefined>(
    () =>
      when && {
        root: when,
        resource,
        faults,
        disabled,
        change(root, at) {
          onChange(root);
          if (at) setFocus({ path: at });
        },
      },
    [when, resource, faults, disabled, onChange],
  );

  function add(added: Condition) {
    const grown = appendTo(when, [], added);
    onChange(grown.root);
    setFocus({ path: grown.path });
  }

  return (
    <div ref={box} role="group" aria-label={t("access.form.conditions")}>
      {editing ? (
        <EditingContext.Provider value={editing}>
          <Root editing={editing} />
        </EditingContext.Provider>
      ) : (
        <p className="quiet form-always">{t("access.form.always")}</p>
      )}
      {!disabled && (
        <div className="form-add">
          <Button leftSection={<IconPlus size={14} />} onClick={() => add(firstCondition)}>
            {t("access.form.addCondition")}
          </Button>
          <Button onClick={() => add({ or: [firstCondition] })}>{t("access.form.addGroup")}</Button>
        </div>
      )}
    </div>
  );
}

/** The outermost group has no frame of its own: its head is the sentence that begins the form. */
function Root({ editing }: { editing: ConditionEditing }) {
  const { t } = useWords();
  const { root, change, disabled } = editing;
  const op = groupOpOf(root);
  if (!isGroup(root) || !op) {
    return (
      <>
        <div className="form-when">{t("access.form.when")}</div>
        <ul className="conditions">
          <ConditionPart condition={root} path={[]} />
        </ul>
      </>
    );
  }
  return (
    <>
      <div className="form-when">
        {t("access.form.when")}
        <GroupOpChip op={op} disabled={disabled} onChange={(next) => change(turnGroup(root, [], next))} />
        {t("access.form.hold")}
      </div>
      <PartsList condition={root} path={[]} />
    </>
  );
}

/** What a new condition says until it is changed: something that most policies for this type say. */
export function useFirstCondition(resource: string): Condition {
  const catalog = useCatalog();
  return useMemo(() => {
    const offered = catalog.attributesFor(resource);
    const likely = ["obj.department", "obj.owner", "sub.groups"].flatMap(
      (name) => offered.find((attribute) => attribute.name === name) ?? [],
    );
    const [first = offered[0]] = likely;
    if (!first) return { exists: "sub.id" };
    return conditionOf(likelyLeaf(first.name, first.attribute.kind, first.attribute.of));
  }, [catalog, resource]);
}
