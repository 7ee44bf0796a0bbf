import { Tooltip, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconKey, IconLayoutDashboard, IconMail, IconUpload, IconUsers } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useAccess } from "../access/index.ts";
import { useUnreadMail } from "../mail/index.ts";
import { useReplica, useTypes } from "../replica/index.ts";
import { TypeIcon } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { go, useRoute } from "./route.ts";
import classes from "./shell.module.css";

export function Rail({ goObjects }: { readonly goObjects: () => void }) {
  const { t, label } = useWords();
  const { status } = useReplica();
  const types = useTypes();
  const { requests } = useAccess();
  const unread = useUnreadMail();
  const waiting = requests.filter(({ requester, state }) => state === "open" && requester !== status.user.id);
  const route = useRoute();
  const { at } = route;
  const inObjects = at === "objects" || at === "new" || at === "trash";
  return (
    <nav className={classes.rail} aria-label={t("app.region.rail")} data-region="rail">
      <Place
        name={t("app.place.objects")}
        icon={<IconLayoutDashboard size={20} stroke={1.6} />}
        current={inObjects}
        onClick={goObjects}
      />
      {inObjects && (
        <div className={classes.types} role="group" aria-label={t("app.region.types")}>
          {types.list.map((type) => (
            <Tooltip key={type.name} label={label(type.plural)} position="right">
              <UnstyledButton
                className={classes.type}
                aria-label={label(type.plural)}
                aria-current={"type" in route && route.type === type.name ? "page" : undefined}
                onClick={() => go({ at: "objects", type: type.name })}
              >
                <TypeIcon name={type.icon} size={17} />
              </UnstyledButton>
            </Tooltip>
          ))}
        </div>
      )}
      <Place
        name={t("app.place.mail")}
        icon={<IconMail size={20} stroke={1.6} />}
        current={at === "mail" || at === "contacts" || at === "mailSettings"}
        count={unread}
        onClick={() => go({ at: "mail" })}
      />
      <Place
        name={t("app.place.outbox")}
        icon={<IconUpload size={20} stroke={1.6} />}
        current={at === "outbox"}
        count={status.pending}
        tone="warn"
        onClick={() => go({ at: "outbox" })}
      />
      <Place
        name={t("app.place.issues")}
        icon={<IconAlertTriangle size={20} stroke={1.6} />}
        current={at === "issues"}
        count={status.issues}
        tone="bad"
        onClick={() => go({ at: "issues" })}
      />
      <Place
        name={t("access.place")}
        icon={<IconKey size={20} stroke={1.6} />}
        current={at === "requests"}
        count={waiting.length}
        onClick={() => go({ at: "requests" })}
      />
      <div className={classes.push} />
      <Place
        name={t("app.place.people")}
        icon={<IconUsers size={20} stroke={1.6} />}
        current={at === "people"}
        onClick={() => go({ at: "people" })}
      />
    </nav>
  );
}

function Place(props: {
  readonly name: string;
  readonly icon: ReactNode;
  readonly current: boolean;
  readonly count?: number;
  readonly tone?: "warn" | "bad";
  readonly onClick: () => void;
}) {
  const count = props.count ?? 0;
  return (
    <Tooltip label={props.name} position="right">
      <UnstyledButton
        className={classes.place}
        aria-label={count > 0 ? `${props.name}, ${count}` : props.name}
        aria-current={props.current ? "page" : undefined}
        onClick={props.onClick}
      >
        {props.icon}
        {count > 0 && (
          <span className={classes.count} data-tone={props.tone} aria-hidden>
            {count > 99 ? "99+" : count}
          </span>
        )}
      </UnstyledButton>
    </Tooltip>
  );
}
