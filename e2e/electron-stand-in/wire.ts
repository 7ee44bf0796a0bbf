// The frames between main and a renderer's isolated world, and between main and a utility process.

/** A message or the end of a port that was sent across; `id` was given by the side that sent the port. */
export type PortFrame =
  | { kind: "port.message"; id: string; data: unknown; ports: string[] }
  | { kind: "port.close"; id: string };

export type FromRenderer =
  | { kind: "invoke"; id: number; channel: string; args: unknown[] }
  | { kind: "send"; channel: string; args: unknown[] }
  | { kind: "post"; channel: string; data: unknown; ports: string[] }
  | { kind: "open"; url: string; frameName: string; features: string }
  | { kind: "permission"; id: number; permission: string }
  | { kind: "preload.failed"; file: string; error: string }
  | PortFrame;

export type ToRenderer =
  | { kind: "event"; channel: string; args: unknown[]; ports: string[] }
  | { kind: "result"; id: number; ok: boolean; value: unknown }
  | PortFrame;

/** Between main and a utility process, either way. */
export type UtilityFrame = { kind: "message"; data: unknown; ports: string[] } | PortFrame;
