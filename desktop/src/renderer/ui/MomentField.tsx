import { DateTimePicker } from "@mantine/dates";
import { useWords } from "../words/index.ts";

/** When a day was chosen and no time yet; midnight is nobody's intention. */
const TIME_OF_A_DAY = "09:00";

/** A day and a time of day, both by mouse and by keys. Moments are the wall clock without a zone, as Mantine's dates are written. */
export function MomentField(props: {
  readonly label: string;
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
  readonly min: Date;
  readonly max?: Date;
  readonly error?: string | undefined;
  readonly autoFocus?: boolean;
}) {
  const { t, locale } = useWords();
  return (
    <DateTimePicker
      label={props.label}
      data-autofocus={props.autoFocus || undefined}
      value={props.value}
      minDate={props.min}
      {...(props.max ? { maxDate: props.max } : {})}
      valueFormat={locale === "ru" ? "D MMMM YYYY, HH:mm" : "D MMM YYYY, HH:mm"}
      defaultTimeValue={TIME_OF_A_DAY}
      error={props.error}
      onChange={props.onChange}
      previousLabel={t("app.moment.earlier")}
      nextLabel={t("app.moment.later")}
      timePickerProps={{
        hoursInputLabel: t("app.moment.hours"),
        minutesInputLabel: t("app.moment.minutes"),
      }}
      submitButtonProps={{ "aria-label": t("app.moment.done") }}
    />
  );
}
