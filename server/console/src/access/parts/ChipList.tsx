import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useWords } from "../../words/words.ts";

interface Props {
  readonly items: readonly string[];
  readonly words: (item: string) => string;
  readonly onRemove: (index: number) => void;
  readonly label: string;
  readonly disabled?: boolean;
  readonly children?: ReactNode;
}

/** What has been chosen, each with its cross, and after them the picker that adds. */
export function ChipList({ items, words, onRemove, label, disabled, children }: Props) {
  const { t } = useWords();
  return (
    <span className="chips" role="group" aria-label={label}>
      {items.map((item, index) => (
        <span key={`${index} ${item}`} className="chip" data-tone="held">
          {words(item)}
          {!disabled && (
            <button
              type="button"
              aria-label={t("access.remove", { name: words(item) })}
              onClick={() => onRemove(index)}
            >
              <IconX size={12} />
            </button>
          )}
        </span>
      ))}
      {children}
    </span>
  );
}
