create table department (
  id uuid primary key,
  parent_id uuid references department (id),
  name_en text not null,
  name_ru text not null,
  code text unique,
  created_at timestamptz not null default now()
);
create index department_parent on department (parent_id);

create table position (
  id uuid primary key,
  key text not null unique,
  name_en text not null,
  name_ru text not null
);

create table user_group (
  id uuid primary key,
  key text not null unique,
  name_en text not null,
  name_ru text not null
);

create table app_user (
  id uuid primary key,
  -- Compared without case: people type their login as they like.
  login text not null,
  name text not null,
  email text,
  phone text,
  locale text not null default 'en',
  -- Argon2id in PHC form; null: this person cannot sign in with a password.
  password_hash text,
  state text not null default 'active' check (state in ('active', 'disabled')),
  department_id uuid references department (id),
  position_id uuid references position (id),
  manager_id uuid references app_user (id),
  -- Custom and directory-mapped attributes that policies may ask for.
  attributes jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index app_user_login on app_user (lower(login));
create index app_user_department on app_user (department_id);
create index app_user_manager on app_user (manager_id);

create table group_member (
  group_id uuid not null references user_group (id) on delete cascade,
  user_id uuid not null references app_user (id) on delete cascade,
  primary key (group_id, user_id)
);
create index group_member_user on group_member (user_id);

create table device (
  id uuid primary key,
  user_id uuid not null references app_user (id) on delete cascade,
  name text not null,
  platform text not null,
  app_version text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  revoked_at timestamptz
);
create index device_user on device (user_id);

-- Only hashes of tokens are kept: whoever reads the database cannot sign in with what is in it.
create table session (
  id uuid primary key,
  user_id uuid not null references app_user (id) on delete cascade,
  device_id uuid references device (id) on delete cascade,
  token_sha256 bytea not null unique,
  channel text not null check (channel in ('desktop', 'console', 'api')),
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ip text,
  user_agent text
);
create index session_by_user on session (user_id);

create table access_token (
  id uuid primary key,
  user_id uuid not null references app_user (id) on delete cascade,
  name text not null,
  token_sha256 bytea not null unique,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
create index access_token_user on access_token (user_id);
