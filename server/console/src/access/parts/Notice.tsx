import type { ReactNode } from "react";

interface Props {
  readonly tone: "warn" | "bad";
  readonly title: string;
  readonly role?: "alert" | "status";
  readonly children?: ReactNode;
}

/** Something to know before going on, in words. */
export const Notice = ({ tone, title, role = "status", children }: Props) => (
  <div className="notice" data-tone={tone} role={role}>
    <b>{title}</b>
    {children}
  </div>
);
