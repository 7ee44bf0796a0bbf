import type { Cookie } from "@kontor/shared/protocol";

/**
 * What a device's cookie says: of which profiles it holds rows, and up to which position it was told of them. Mostly it is
 * one. While a device is switched from one profile to another it holds some of each:
 *
 *   <epoch>/7             everything of profile 7 up to the cookie's position
 *   <epoch>/7@120,9@80    of 7 as it was at 120, and of 9 what was sent since 80
 */
export interface Place {
  readonly no: number;
  readonly position: number;
}

const MAX_EPOCH = 100; // what the protocol takes for a word

export const cookieAt = (epoch: string, { no, position }: Place): Cookie => ({ epoch: `${epoch}/${no}`, position });

/** Undefined where it would get too long: then the device keeps none, and is filled again at its next contact. */
export function cookieBetween(epoch: string, places: readonly Place[]): Cookie {
  const text = `${epoch}/${places.map(({ no, position }) => `${no}@${position}`).join(",")}`;
  return text.length <= MAX_EPOCH ? { epoch: text, position: 0 } : { epoch: `${epoch}/?`, position: 0 };
}

/** Undefined: it says nothing about feeds of this epoch (SYN-12). */
export function placesOf(epoch: string, cookie: Cookie): readonly Place[] | undefined {
  const [, names] = cookie.epoch.startsWith(`${epoch}/`) ? ["", cookie.epoch.slice(epoch.length + 1)] : [];
  if (names === undefined) return undefined;
  if (/^\d{1,15}$/.test(names)) return [{ no: Number(names), position: cookie.position }];
  if (!/^\d{1,15}@\d{1,15}(,\d{1,15}@\d{1,15})*$/.test(names)) return undefined;
  return names.split(",").map((name) => {
    const [no, position] = name.split("@").map(Number);
    return { no: no ?? 0, position: position ?? 0 };
  });
}
