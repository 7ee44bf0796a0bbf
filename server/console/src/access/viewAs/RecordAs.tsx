import { Button } from "@mantine/core";
import { IconArrowLeft, IconPencil } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import { Link } from "../../ui/Link.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import { usePolicySet, type ViewedRecord } from "../access.api.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { Mark } from "../parts/Mark.tsx";
import { titleOf } from "../policy/policy.words.ts";
import { accessAddress } from "../routes.ts";

interface Props {
  readonly userId: string;
  readonly draftId: string;
  readonly id: string;
  readonly onBack: () => void;
}

/** One record as its card: each field with how it is shown and which policy says so, and what may be done. */
export function RecordAs({ userId, draftId, id, onBack }: Props) {
  const { t } = useWords();
  const viewed = useQuery({
    queryKey: ["access", "view-as", "record", userId, draftId, id],
    queryFn: () =>
      call<ViewedRecord>("POST", "/access/view-as/record", { userId, id, ...(draftId !== "" && { draftId }) }),
  });
  return (
    <>
      <div>
        <Button leftSection={<IconArrowLeft size={15} />} onClick={onBack}>
          {t("access.viewAs.back")}
        </Button>
      </div>
      <Loaded query={viewed}>
        {(record) => <Card viewed={record} question={{ user: userId, draft: draftId, record: id }} />}
      </Loaded>
    </>
  );
}

interface CardProps {
  readonly viewed: ViewedRecord;
  readonly question: { readonly user: string; readonly draft: string; readonly record: string };
}

function Card({ viewed, question }: CardProps) {
  const { t } = useWords();
  const catalog = useCatalog();
  useMeeting(viewed.record);
  const { type, record, readable } = viewed;
  const explain = (part: object) => accessAddress.view("explain", { ...question, type, ...part });
  if (!readable) {
    return (
      <section className="panel">
        <p>
          {t("access.viewAs.notReadable")} <Link to={explain({ action: "read" })}>{t("access.viewAs.why")}</Link>
        </p>
      </section>
    );
  }
  const values = (record?.["fields"] ?? {}) as Readonly<Record<string, unknown>>;
  const sections = [...Map.groupBy(viewed.fields, ({ section }) => section)];
  return (
    <div className="plots" style={{ gridTemplateColumns: "minmax(0, 2fr) minmax(260px, 1fr)" }}>
      <section className="panel" aria-label={String(record?.["title"] ?? "")}>
        <h2>{String(record?.["title"] ?? "")}</h2>
        {sections.map(([section, fields]) => (
          <div key={section}>
            <h3>{catalog.sectionWords(type, section)}</h3>
            <dl className="field-list">
              {fields.map((field) => (
                <Field
                  key={field.name}
                  field={field}
                  type={type}
                  value={values[field.name]}
                  to={explain({ action: "read", field: field.name })}
                />
              ))}
            </dl>
          </div>
        ))}
      </section>
      <section className="panel" aria-label={t("access.viewAs.can")}>
        <h2>{t("access.viewAs.can")}</h2>
        <dl className="field-list">
          {viewed.can.map(({ action, allowed, policyId }) => (
            <div key={action} style={{ gridTemplateColumns: "minmax(0, 1fr) minmax(0, 1.6fr)" }}>
              <dt>
                <Link to={explain({ action })}>{catalog.actionWords(type, action)}</Link>
              </dt>
              <dd>
                <Mark tone={allowed ? "good" : "neutral"}>
                  {t(allowed ? "access.answer.allowed" : "access.answer.denied")}
                </Mark>{" "}
                {policyId !== undefined && <PolicyLink id={policyId} />}
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

interface FieldProps {
  readonly field: ViewedRecord["fields"][number];
  readonly type: string;
  readonly value: unknown;
  readonly to: string;
}

function Field({ field, type, value, to }: FieldProps) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { name, access, editable, policyId } = field;
  const isRedacted = typeof access === "object";
  const attribute = catalog.attributeOf(`obj.${name}`, type);
  return (
    <div>
      <dt>{catalog.fieldWords(type, name)}</dt>
      <dd className={access === "visible" ? "" : "quiet"}>
        {access === "absent" ? "" : value === undefined || value === null ? "–" : catalog.valueWords(value, attribute)}
        {editable && <IconPencil size={13} aria-label={t("access.viewAs.editable")} style={{ marginInlineStart: 6 }} />}
      </dd>
      <dd>
        <Mark tone={isRedacted ? "warn" : access === "visible" ? "good" : "neutral"}>
          {t(
            isRedacted
              ? "access.answer.redacted"
              : access === "visible"
                ? "access.viewAs.visible"
                : "access.answer.absent",
          )}
        </Mark>
      </dd>
      <dd>{policyId === undefined ? <Link to={to}>{t("access.viewAs.why")}</Link> : <PolicyLink id={policyId} />}</dd>
    </div>
  );
}

function PolicyLink({ id }: { id: string }) {
  const { locale } = useCatalog();
  const policy = usePolicySet().data?.policies.find((one) => one.id === id);
  const words = policy ? titleOf(policy.title, locale) : id;
  return (
    <Link className="policy-link" to={accessAddress.policy(id)} title={words}>
      {words}
    </Link>
  );
}
