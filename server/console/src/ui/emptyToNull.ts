/** What was left empty is not there. */
export const emptyToNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());
