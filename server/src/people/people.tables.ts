import type { Generated } from "kysely";
import type { Database, Transaction } from "#kernel";
import type { Json } from "@kontor/shared/base";

export type PeopleTables = {
  department: {
    id: string;
    parent_id: string | null;
    name_en: string;
    name_ru: string;
    code: string | null;
    created_at: Generated<string>;
  };
  position: { id: string; key: string; name_en: string; name_ru: string };
  user_group: { id: string; key: string; name_en: string; name_ru: string };
  group_member: { group_id: string; user_id: string };
  app_user: {
    id: string;
    login: string;
    name: string;
    email: string | null;
    phone: string | null;
    locale: Generated<string>;
    password_hash: string | null;
    state: Generated<"active" | "disabled">;
    department_id: string | null;
    position_id: string | null;
    manager_id: string | null;
    attributes: Generated<Readonly<Record<string, Json>>>;
    created_at: Generated<string>;
    updated_at: Generated<string>;
  };
  device: {
    id: string;
    user_id: string;
    name: string;
    platform: string;
    app_version: string | null;
    created_at: Generated<string>;
    last_seen_at: Generated<string>;
    revoked_at: string | null;
    trusted: Generated<boolean>;
  };
  session: {
    id: string;
    user_id: string;
    device_id: string | null;
    token_sha256: Buffer;
    channel: "desktop" | "console" | "api";
    created_at: Generated<string>;
    last_seen_at: Generated<string>;
    expires_at: string;
    ip: string | null;
    user_agent: string | null;
  };
  access_token: {
    id: string;
    user_id: string;
    name: string;
    token_sha256: Buffer;
    scopes: string[];
    created_at: Generated<string>;
    expires_at: string | null;
    last_used_at: string | null;
  };
};

/** Beside people and never among them: other systems (0080_services.sql). */
type ServiceTables = {
  service_account: {
    id: string;
    key: string;
    name: string;
    contact: string | null;
    state: Generated<"active" | "disabled">;
    attributes: Generated<Readonly<Record<string, Json>>>;
    created_at: Generated<string>;
    updated_at: Generated<string>;
  };
  service_group: { group_id: string; service_id: string };
  service_token: {
    id: string;
    service_id: string;
    name: string;
    token_sha256: Buffer;
    scopes: string[];
    created_at: Generated<string>;
    expires_at: string;
    last_used_at: string | null;
  };
  user_group: PeopleTables["user_group"];
};

export const serviceTables = (db: Database | Transaction) => db.withTables<ServiceTables>();

export const peopleTables = (db: Database | Transaction) => db.withTables<PeopleTables>();

/** Members of this group administer the installation; the pack's policies grant it the resource `system`. */
export const ADMINISTRATORS = "administrators";
