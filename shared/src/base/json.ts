/** What JSON can hold. `undefined` is not a value: a missing key is a missing key. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
