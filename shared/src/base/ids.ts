import { v7, validate } from "uuid";

declare const brand: unique symbol;

/** A UUID, version 7 where we make it ourselves: it sorts by the time it was made, so indexes stay compact (RFC 9562). */
export type Id<Of extends string = string> = string & { readonly [brand]?: Of };

export type UserId = Id<"user">;
export type DeviceId = Id<"device">;
export type RecordId = Id<"record">;
export type FileId = Id<"file">;
export type DepartmentId = Id<"department">;
export type GroupId = Id<"group">;
export type PositionId = Id<"position">;

export const newId = <Of extends string>(): Id<Of> => v7() as Id<Of>;
export const isId = (value: unknown): value is Id => typeof value === "string" && validate(value);
