import { Button, Menu } from "@mantine/core";
import { IconBell, IconCheck, IconChevronDown, IconClock } from "@tabler/icons-react";
import { useState } from "react";
import { useWords, type WordKey } from "../../words/index.ts";
import { ChooseMoment } from "./ChooseMoment.tsx";
import { followUpAt, followUpDays, sendTimes, type SendPreset } from "./send.times.ts";
import classes from "./compose.module.css";

const WORDS: Readonly<Record<SendPreset, WordKey>> = {
  inAnHour: "compose.later.inAnHour",
  thisEvening: "compose.later.thisEvening",
  tomorrowMorning: "compose.later.tomorrow",
  mondayMorning: "compose.later.monday",
};

/** When it is to leave, and when to be reminded that nobody answered. */
export function LaterMenu(props: {
  readonly sendAt: (at: Date) => void;
  readonly followUp: string | undefined;
  readonly setFollowUp: (at: string | undefined) => void;
}) {
  const { t, locale } = useWords();
  const [now, setNow] = useState(() => new Date());
  const [choosing, setChoosing] = useState(false);
  const moment = new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return (
    <>
      <Menu position="top-start" width={290} onOpen={() => setNow(new Date())}>
        <Menu.Target>
          <Button rightSection={<IconChevronDown size={14} />}>{t("compose.later")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t("compose.later.send")}</Menu.Label>
          {sendTimes(now).map(({ at, preset }) => (
            <Menu.Item
              key={preset}
              rightSection={<span className={classes.moment}>{moment.format(at)}</span>}
              onClick={() => props.sendAt(at)}
            >
              {t(WORDS[preset])}
            </Menu.Item>
          ))}
          <Menu.Item leftSection={<IconClock size={15} />} onClick={() => setChoosing(true)}>
            {t("compose.later.choose")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>{t("compose.followUp")}</Menu.Label>
          {followUpDays.map((days) => {
            const at = followUpAt(now, days).toISOString();
            return (
              <Menu.Item
                key={days}
                leftSection={<IconBell size={15} />}
                rightSection={props.followUp === at && <IconCheck size={15} aria-hidden />}
                aria-current={props.followUp === at || undefined}
                onClick={() => props.setFollowUp(at)}
              >
                {t("compose.followUp.inDays", { count: days })}
              </Menu.Item>
            );
          })}
          {props.followUp !== undefined && (
            <Menu.Item onClick={() => props.setFollowUp(undefined)}>{t("compose.followUp.none")}</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {choosing && <ChooseMoment close={() => setChoosing(false)} chosen={props.sendAt} />}
    </>
  );
}
