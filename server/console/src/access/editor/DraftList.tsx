import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconCopy, IconPlus, IconSearch, IconTrash } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Policy } from "@kontor/shared/access";
import { useWords } from "../../words/words.ts";
import type { CheckReply } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { Mark } from "../parts/Mark.tsx";
import { titleOf } from "../policy/policy.words.ts";
import type { DraftChanges } from "./draft.changes.ts";
import type { DraftItem, DraftState, DraftStore } from "./draft.store.ts";

interface Props {
  readonly store: DraftStore;
  readonly state: DraftState;
  readonly changes: DraftChanges;
  readonly check: CheckReply | undefined;
  readonly chosen: string | undefined;
  readonly onChoose: (key: string) => void;
}
type Entry = { readonly item: DraftItem } | { readonly removed: Policy };

const ROW_PX = 46;
const MAX_TITLE = 200; // the server's limit

/** The draft's policies with what happened to each; what was removed stays to be brought back. */
export function DraftList(props: Props) {
  const { store, state, changes, chosen, onChoose } = props;
  const { t, locale } = useWords();
  const [search, setSearch] = useState("");
  const [onlyChanged, setOnlyChanged] = useState(false);
  const scroll = useRef<HTMLDivElement>(null);
  const entries = useMemo<readonly Entry[]>(() => {
    const wanted = search.trim().toLocaleLowerCase();
    const fits = (policy: Policy) =>
      `${policy.id} ${titleOf(policy.title ?? "", locale)}`.toLocaleLowerCase().includes(wanted);
    const items = state.items.filter(
      (item) => fits(item.policy) && (!onlyChanged || changes.ofItem.get(item.key) !== "same"),
    );
    return [...items.map((item) => ({ item })), ...changes.removed.filter(fits).map((removed) => ({ removed }))];
  }, [state.items, changes, search, onlyChanged, locale]);
  // nothing of it is passed to memoised components: each row gets plain values
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
    initialOffset: () =>
      Math.max(0, entries.findIndex((entry) => "item" in entry && entry.item.key === chosen) - 3) * ROW_PX,
  });
  /** One stop for Tab, and arrows from there: a list of thousands would be thousands of stops. */
  function walk(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    const at = entries.findIndex((entry) => "item" in entry && entry.item.key === chosen);
    const to = Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), entries.length - 1);
    const next = entries[to];
    if (!next || !("item" in next)) return;
    rows.scrollToIndex(to);
    onChoose(next.item.key);
  }

  const chosenItem = state.items.find(({ key }) => key === chosen);

  return (
    <section className="panel list-panel draft-list" aria-label={t("access.draft.policies")}>
      <div className="toolbar">
        <TextInput
          size="xs"
          style={{ flex: "1 1 100%" }}
          maxLength={MAX_TITLE}
          label={t("access.draft.title")}
          value={state.title}
          onChange={(event) => store.rename(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          style={{ flex: 1, minWidth: 0 }}
          leftSection={<IconSearch size={14} />}
          placeholder={t("app.search")}
          aria-label={t("access.policies.search")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Button
          size="compact-xs"
          variant={onlyChanged ? "light" : "subtle"}
          aria-pressed={onlyChanged}
          onClick={() => setOnlyChanged((now) => !now)}
        >
          {t("access.draft.changedCount", { count: changes.count })}
        </Button>
      </div>
      <div
        ref={scroll}
        className="list-scroll"
        tabIndex={0}
        role="region"
        aria-label={t("access.policies.list")}
        onKeyDown={walk}
      >
        <div style={{ position: "relative", height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const entry = entries[index];
            return entry && <Row key={keyOf(entry)} {...props} entry={entry} start={start} />;
          })}
        </div>
      </div>
      <div className="toolbar" style={{ borderTop: "1px solid var(--line)", borderBottom: 0 }}>
        <Button
          size="compact-xs"
          leftSection={<IconPlus size={13} />}
          onClick={() => onChoose(store.add(emptyPolicy(state, t("access.draft.newTitle")), chosen))}
        >
          {t("access.draft.add")}
        </Button>
        <span className="grow" />
        {chosenItem && (
          <>
            <ActionIcon
              aria-label={t("access.draft.copy")}
              onClick={() =>
                onChoose(store.add({ ...chosenItem.policy, id: freeId(state, `${chosenItem.policy.id}-2`) }, chosen))
              }
            >
              <IconCopy size={16} />
            </ActionIcon>
            <ActionIcon aria-label={t("access.draft.remove")} onClick={() => store.remove(chosenItem.key)}>
              <IconTrash size={16} />
            </ActionIcon>
          </>
        )}
      </div>
    </section>
  );
}

const keyOf = (entry: Entry) => ("item" in entry ? entry.item.key : `removed ${entry.removed.id}`);

function Row({
  entry,
  start,
  store,
  state,
  changes,
  check,
  chosen,
  onChoose,
}: Props & { entry: Entry; start: number }) {
  const { t } = useWords();
  const { locale } = useCatalog();
  const style = { transform: `translateY(${start}px)`, height: ROW_PX };
  if ("removed" in entry) {
    return (
      <div className="draft-row" style={{ ...style, cursor: "default" }} data-removed>
        <span className="two-lines">
          <span>{titleOf(entry.removed.title, locale)}</span>
        </span>
        <Mark tone="bad">{t("access.change.removed")}</Mark>
        <Button size="compact-xs" onClick={() => onChoose(store.add(entry.removed))}>
          {t("access.draft.restore")}
        </Button>
      </div>
    );
  }
  const { key, policy, odd } = entry.item;
  const index = state.items.indexOf(entry.item);
  const change = changes.ofItem.get(key) ?? "same";
  const isWrong =
    odd !== undefined ||
    state.unfinished.has(key) ||
    check?.faults.some((fault) => fault.index === index) ||
    check?.examples.some((example) => example.policyId === policy.id && !example.passed);
  return (
    <button
      type="button"
      tabIndex={-1}
      className="draft-row"
      style={style}
      aria-current={key === chosen ? "true" : undefined}
      onClick={() => onChoose(key)}
    >
      <span className="two-lines">
        <span>{titleOf(policy.title ?? "", locale) || policy.id}</span>
        <span className="quiet">{policy.id}</span>
      </span>
      {isWrong && <IconAlertTriangle size={15} color="var(--bad)" aria-label={t("access.draft.faulty")} />}
      {change !== "same" && <Mark tone={change === "added" ? "good" : "warn"}>{t(`access.change.${change}`)}</Mark>}
    </button>
  );
}

const emptyPolicy = (state: DraftState, title: string): Policy => ({
  id: freeId(state, "new-policy"),
  title: { en: title, ru: title },
  effect: "allow",
  resource: "*",
  actions: ["read"],
  when: { eq: ["obj.owner", "sub.id"] },
});

function freeId({ items }: DraftState, wanted: string): string {
  const taken = new Set(items.map(({ policy }) => policy.id));
  for (let number = 2, id = wanted; ; number++) {
    if (!taken.has(id)) return id;
    id = `${wanted.replace(/-\d+$/, "")}-${number}`;
  }
}
