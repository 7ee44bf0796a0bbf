import type { UseFormReturnType } from "@mantine/form";
import { useState } from "react";
import { Problem } from "../api/api.ts";
import { useWords } from "../words/words.ts";
import { useAct } from "./useAct.ts";

export interface SaveOptions<Values extends object> {
  readonly form: UseFormReturnType<Values>;
  /** Throws what was refused. */
  save(values: Values): Promise<void>;
  /** Once it is saved and the lists have asked anew. */
  readonly onSaved?: () => void;
  /** The form's field for one of the server's, where they are not called the same. */
  readonly fieldOf?: (field: string) => string;
}

/** Saves what a form holds; what the server refused stands beside the field that it is about, and nothing typed is lost. */
export function useSave<Values extends object>({
  form,
  save,
  onSaved,
  fieldOf = (field) => field,
}: SaveOptions<Values>) {
  const { t, reason } = useWords();
  const { act } = useAct();
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);

  async function submit(values: Values): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      await save(values);
      await act(async () => t("people.saved"));
      onSaved?.();
    } catch (problem) {
      setError(problem as Error);
      if (problem instanceof Problem)
        form.setErrors(
          Object.fromEntries(problem.problems.map((one) => [fieldOf(one.field), reason(one.reason, one.message)])),
        );
    } finally {
      setBusy(false);
    }
  }

  return { error, busy, onSubmit: form.onSubmit((values) => submit(values)) };
}
