import { useWords } from "../words/words.ts";

export function AccessPage() {
  const { t } = useWords();
  return (
    <div className="page-head">
      <h1>{t("app.access")}</h1>
    </div>
  );
}
