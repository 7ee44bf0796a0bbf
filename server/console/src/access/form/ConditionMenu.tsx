import { ActionIcon, Kbd, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import type { Condition } from "@kontor/shared/access";
import { useWords } from "../../words/words.ts";
import {
  canUnwrap,
  moveBy,
  moveInto,
  type Moved,
  partsOf,
  removeAt,
  type TreePath,
  unwrapAt,
  wrapAt,
} from "../policy/condition.tree.ts";
import { useEditing } from "./editing.tsx";

const MENU_WIDTH = 260;

export function ConditionMenu({ condition, path }: { condition: Condition; path: TreePath }) {
  const { t } = useWords();
  const { root, change } = useEditing();
  const moveTo = (moved: Moved | undefined) => moved && change(moved.root, moved.path);
  const moves = [
    { key: "up", moved: moveBy(root, path, -1), keys: "Alt ↑" },
    { key: "down", moved: moveBy(root, path, 1), keys: "Alt ↓" },
    { key: "intoAbove", moved: moveInto(root, path, -1), keys: "" },
    { key: "intoBelow", moved: moveInto(root, path, 1), keys: "" },
  ] as const;
  return (
    <Menu position="bottom-end" width={MENU_WIDTH}>
      <Menu.Target>
        <ActionIcon size={24} aria-label={t("access.form.menu")}>
          <IconDots size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {moves
          .filter(({ moved }) => moved !== undefined)
          .map(({ key, moved, keys }) => (
            <Menu.Item key={key} onClick={() => moveTo(moved)} rightSection={keys && <Kbd size="xs">{keys}</Kbd>}>
              {t(`access.form.move.${key}`)}
            </Menu.Item>
          ))}
        {(["and", "or", "not"] as const).map((op) => (
          <Menu.Item key={op} onClick={() => change(wrapAt(root, path, op), path)}>
            {t(`access.form.wrap.${op}`)}
          </Menu.Item>
        ))}
        {partsOf(condition).length > 0 && (
          <Menu.Item disabled={!canUnwrap(root, path)} onClick={() => change(unwrapAt(root, path), path)}>
            {t("not" in condition ? "access.form.unwrap.not" : "access.form.unwrap")}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item
          color="red"
          rightSection={<Kbd size="xs">Alt Del</Kbd>}
          onClick={() => change(removeAt(root, path), path.slice(0, -1))}
        >
          {t("access.form.remove")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
