import { z } from "zod";
import { localeSchema } from "../base/index.ts";

/** GET /api/info, answered to anybody: enough to tell a person that this is the right address. */
export const serverInfoSchema = z.object({
  product: z.literal("kontor"),
  version: z.string(),
  protocol: z.number().int(),
  serverId: z.uuid(),
  name: z.string(),
});
export type ServerInfo = z.infer<typeof serverInfoSchema>;

export const signInRequestSchema = z.object({
  login: z.string().trim().min(1).max(200),
  password: z.string().min(1).max(1024), // Argon2 hashes any length; the bound keeps a hostile client from feeding it megabytes
  device: z
    .object({
      id: z.uuid().optional(), // the device that signed in here before
      name: z.string().trim().min(1).max(120),
      platform: z.enum(["linux", "darwin", "win32", "web", "other"]),
    })
    .optional(),
});
export type SignInRequest = z.infer<typeof signInRequestSchema>;

export const signInResponseSchema = z.object({
  token: z.string(),
  sessionId: z.uuid(),
  deviceId: z.uuid().optional(),
  /** The replica locks itself when it has not heard from the server for this long (VIS-6). */
  leaseMs: z.number().int(),
  user: z.object({ id: z.uuid(), login: z.string(), name: z.string(), locale: localeSchema, isAdmin: z.boolean() }),
  server: serverInfoSchema,
});
export type SignInResponse = z.infer<typeof signInResponseSchema>;
