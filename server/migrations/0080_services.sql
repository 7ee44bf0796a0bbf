-- Other systems that ask here or work here by themselves: an identity of their own, and never a person's. A table of its
-- own, so that nothing that lists people can list them by mistake.
create table service_account (
  id uuid primary key,
  key text not null constraint service_account_key unique check (key ~ '^[a-z][a-z0-9-]{1,62}$'),
  name text not null,
  -- Whom to ask about it.
  contact text,
  state text not null default 'active' check (state in ('active', 'disabled')),
  -- As app_user.attributes: what policies may ask for.
  attributes jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table service_group (
  group_id uuid not null references user_group (id) on delete cascade,
  service_id uuid not null references service_account (id) on delete cascade,
  primary key (group_id, service_id)
);
create index service_group_service on service_group (service_id);

create table service_token (
  id uuid primary key,
  service_id uuid not null references service_account (id) on delete cascade,
  name text not null,
  token_sha256 bytea not null unique,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  -- Always: a token that nobody remembers must end by itself.
  expires_at timestamptz not null,
  last_used_at timestamptz
);
create index service_token_service on service_token (service_id);

-- Policies know a service as `service:<key>`: no person may be called so. Not valid: names from before stay.
alter table app_user add constraint app_user_login_not_service check (lower(login) not like 'service:%') not valid;

-- An administrator looked at it and said so; policies ask for it as ctx.deviceTrusted.
alter table device add column trusted boolean not null default false;

-- "Everything that this subject may do this with" is paged by id.
create index record_by_id on record (type, id);
