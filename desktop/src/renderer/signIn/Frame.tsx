import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import { useWords } from "../words/index.ts";
import classes from "./signIn.module.css";

/** The quiet box that all screens before the documents share; the language can be changed on each. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const { t, locale } = useWords();
  return (
    <div className={classes.screen}>
      <main>
        <div className={classes.box}>
          <div className={classes.brand}>
            <b>K</b>ontor
          </div>
          <p className={classes.welcome}>{t("signIn.welcome")}</p>
          {children}
        </div>
        <div className={classes.foot}>
          <SegmentedControl
            size="xs"
            aria-label={t("signIn.language")}
            value={locale}
            onChange={(next) => void window.kontor.changeSettings({ locale: next as "en" | "ru" })}
            data={[
              { value: "en", label: "English" },
              { value: "ru", label: "Русский" },
            ]}
          />
        </div>
      </main>
    </div>
  );
}

export function Problem({ children }: { readonly children: ReactNode }) {
  return (
    <p className={classes.problem} role="alert">
      {children}
    </p>
  );
}
