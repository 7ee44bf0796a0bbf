import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Condition } from "@kontor/shared/access";
import type { KeyboardEvent } from "react";
import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { Picker } from "../parts/Picker.tsx";
import {
  appendTo,
  type GroupOp,
  groupOpOf,
  moveBy,
  partsOf,
  placeAt,
  removeAt,
  replaceAt,
  turnGroup,
  type TreePath,
} from "../policy/condition.tree.ts";
import { conditionInWords } from "../policy/policy.words.ts";
import { conditionOf, leafOf } from "../policy/operators.ts";
import { useFirstCondition } from "./ConditionForm.tsx";
import { ConditionMenu } from "./ConditionMenu.tsx";
import { faultsOf, useEditing } from "./editing.tsx";
import { LeafInputs } from "./LeafInputs.tsx";

interface PartProps {
  readonly condition: Condition;
  readonly path: TreePath;
}

/** One condition, or a group of them, with its frame, its menu, its keys and its faults. */
export function ConditionPart({ condition, path }: PartProps) {
  const { root, change, faults, disabled, resource } = useEditing();
  const catalog = useCatalog();
  const place = placeAt(root, path);
  const wrong = faultsOf(faults, place, partsOf(condition).length > 0);

  function keys(event: KeyboardEvent) {
    const nearest = event.target instanceof HTMLElement ? event.target.closest(".condition") : null;
    if (disabled || !event.altKey || nearest !== event.currentTarget) return;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const moved = moveBy(root, path, event.key === "ArrowUp" ? -1 : 1);
      if (moved) change(moved.root, moved.path);
    } else if (event.key === "Delete") {
      change(removeAt(root, path), path.slice(0, -1));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <li
      className="condition"
      data-path={path.join(".")}
      data-wrong={wrong.length > 0 || undefined}
      aria-label={conditionInWords(condition, resource, catalog)}
      onKeyDownCapture={keys} // before the chips, which open their lists with Alt and an arrow
    >
      <div className="condition-body">
        <Inside condition={condition} path={path} />
        {wrong.map((fault) => (
          <p key={fault.place + fault.words} className="fault" role="alert">
            {fault.words}
          </p>
        ))}
      </div>
      {!disabled && <ConditionMenu condition={condition} path={path} />}
    </li>
  );
}

function Inside({ condition, path }: PartProps) {
  const { t } = useWords();
  const { root, change, disabled } = useEditing();
  const op = groupOpOf(condition);
  if (op) {
    return (
      <>
        <GroupOpChip op={op} disabled={disabled} onChange={(next) => change(turnGroup(root, path, next))} />
        <PartsList condition={condition} path={path} />
        {!disabled && <AddWithin path={path} />}
      </>
    );
  }
  if ("not" in condition) {
    const innerPath = [...path, 0];
    return leafOf(condition.not) ? (
      <span className="condition-row" data-path={innerPath.join(".")}>
        <span className="not">{t("access.form.not")}</span>
        <Row condition={condition.not} path={innerPath} />
      </span>
    ) : (
      <>
        <span className="not">{t("access.form.not")}</span>
        <ul className="conditions">
          <ConditionPart condition={condition.not} path={innerPath} />
        </ul>
      </>
    );
  }
  return (
    <span className="condition-row">
      <Row condition={condition} path={path} />
    </span>
  );
}

function Row({ condition, path }: PartProps) {
  const { root, change, resource, disabled } = useEditing();
  const leaf = leafOf(condition);
  if (!leaf) return <code>{JSON.stringify(condition)}</code>;
  return (
    <LeafInputs
      leaf={leaf}
      resource={resource}
      disabled={disabled}
      onChange={(next) => change(replaceAt(root, path, conditionOf(next)))}
    />
  );
}

export function PartsList({ condition, path }: PartProps) {
  return (
    <ul className="conditions">
      {partsOf(condition).map((part, index) => (
        // a condition has no name of its own: its place is what it is known by
        // oxlint-disable-next-line react/no-array-index-key
        <ConditionPart key={index} condition={part} path={[...path, index]} />
      ))}
    </ul>
  );
}

function AddWithin({ path }: { path: TreePath }) {
  const { t } = useWords();
  const { root, change, resource } = useEditing();
  const first = useFirstCondition(resource);
  const add = (added: Condition) => {
    const grown = appendTo(root, path, added);
    change(grown.root, grown.path);
  };
  return (
    <div className="form-add">
      <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={12} />} onClick={() => add(first)}>
        {t("access.form.addCondition")}
      </Button>
      <Button size="compact-xs" variant="subtle" onClick={() => add({ and: [first] })}>
        {t("access.form.addGroup")}
      </Button>
    </div>
  );
}

interface GroupOpProps {
  readonly op: GroupOp;
  readonly disabled: boolean;
  readonly onChange: (op: GroupOp) => void;
}

export function GroupOpChip({ op, disabled, onChange }: GroupOpProps) {
  const { t } = useWords();
  return (
    <Picker
      label={t("access.form.group")}
      shown={t(`access.form.group.${op}`)}
      disabled={disabled}
      options={(["and", "or"] as const).map((value) => ({
        value,
        label: t(`access.form.group.${value}`),
        hint: value,
      }))}
      onChoose={(value) => onChange(value as GroupOp)}
    />
  );
}
