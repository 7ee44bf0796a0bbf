import { Kbd, Menu, UnstyledButton } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import type { Settings } from "#contract";
import { useReplica } from "../replica/index.ts";
import { Avatar } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { ConnectionPill } from "./ConnectionPill.tsx";
import { changeSettings, useSettings } from "./settings.ts";
import { askSignOut } from "./askSignOut.tsx";
import classes from "./shell.module.css";

export function Header() {
  const { t } = useWords();
  const isMac = window.kontor.platform === "darwin";
  return (
    <header className={classes.header} data-region="header">
      <div className={classes.brand}>
        <b>K</b>ontor
      </div>
      <button type="button" className={classes.find} onClick={() => spotlight.open()} data-region-start>
        <span>{t("app.search")}</span>
        <Kbd size="xs" aria-hidden>
          {isMac ? "⌘ K" : "Ctrl K"}
        </Kbd>
      </button>
      <div className={classes.right}>
        <ConnectionPill />
        <UserMenu />
      </div>
    </header>
  );
}

function UserMenu() {
  const { t } = useWords();
  const { status } = useReplica();
  const settings = useSettings();
  const isHigh = settings.contrast === "high";
  const choices = <Key extends "theme" | "locale">(key: Key, words: Readonly<Record<Settings[Key], string>>) => (
    <Menu.RadioGroup value={settings[key]} onChange={(value) => changeSettings({ [key]: value })}>
      {Object.entries<string>(words).map(([value, label]) => (
        <Menu.RadioItem key={value} value={value}>
          {label}
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
  return (
    <Menu width={240} position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={t("app.menu", { name: status.user.name })} style={{ borderRadius: "50%" }}>
          <Avatar name={status.user.name} id={status.user.id} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {status.user.name}
          <br />
          {status.server.name}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t("app.menu.theme")}</Menu.Label>
        {choices("theme", { system: t("app.menu.system"), light: t("app.menu.light"), dark: t("app.menu.dark") })}
        <Menu.CheckboxItem
          value="high"
          checked={isHigh}
          onChange={() => changeSettings({ contrast: isHigh ? "normal" : "high" })}
        >
          {t("app.menu.contrast")}
        </Menu.CheckboxItem>
        <Menu.CheckboxItem
          value="notices"
          checked={settings.notices}
          onChange={() => changeSettings({ notices: !settings.notices })}
        >
          {t("app.menu.notices")}
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Label>{t("app.menu.language")}</Menu.Label>
        {choices("locale", { system: t("app.menu.system"), en: "English", ru: "Русский" })}
        <Menu.Divider />
        <Menu.Item onClick={() => askSignOut(t, status.pending)}>{t("app.menu.signOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
