/**
 * One person, one sign-in name, however it is typed: without case, and with the different ways to write one character
 * made the same. Kept in this form, so that no database's idea of case matters.
 */
export const normalizeLogin = (login: string): string => login.trim().normalize("NFKC").toLowerCase();
