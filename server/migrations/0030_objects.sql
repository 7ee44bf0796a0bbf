-- Types as the configuration packs define them. The id is what the feed calls the row by.
create table object_type (
  name text primary key,
  id uuid not null unique default gen_random_uuid(),
  definition jsonb not null,
  rev integer not null default 1,
  updated_at timestamptz not null default now()
);

create table record (
  id uuid primary key,
  type text not null references object_type (name),
  state text,
  -- What policies ask most, taken out of the fields (see ownerField and departmentField).
  owner uuid,
  department uuid,
  created_by uuid not null,
  created_at timestamptz not null,
  fields jsonb not null,
  -- {field: [revision, when, by whom]} of the last change.
  field_meta jsonb not null,
  -- [revision, when, by whom] of the last change of state, deletion or restoring.
  state_meta jsonb,
  -- {field: {lost, lostBy, lostAt, wonBy, wonAt}} that nobody settled yet.
  conflicts jsonb not null default '{}',
  deleted_at timestamptz,
  deleted_by uuid,
  -- Texts that order as the values of the type's first four sortable columns do (shared/src/objects/sortKeys.ts).
  sort1 text collate "C" not null default '',
  sort2 text collate "C" not null default '',
  sort3 text collate "C" not null default '',
  sort4 text collate "C" not null default ''
);
create index record_sort1 on record (type, sort1, id) where deleted_at is null;
create index record_sort2 on record (type, sort2, id) where deleted_at is null;
create index record_sort3 on record (type, sort3, id) where deleted_at is null;
create index record_sort4 on record (type, sort4, id) where deleted_at is null;
create index record_created on record (type, created_at, id) where deleted_at is null;

-- Relations, for the way back and for nothing else: the fields are the truth.
create table record_link (
  from_id uuid not null references record (id) on delete cascade,
  field text not null,
  to_id uuid not null references record (id) on delete cascade,
  primary key (from_id, field, to_id)
);
create index record_link_to on record_link (to_id, field);

-- Values that may be there once. The key itself decides a race.
create table record_unique (
  type text not null,
  field text not null,
  value text collate "C" not null,
  record_id uuid not null references record (id) on delete cascade,
  primary key (type, field, value)
);
create index record_unique_record on record_unique (record_id);

-- Automatic numbers. The row stays locked to the end of the transaction that took one, so none is ever missing.
create table record_counter (
  type text not null,
  field text not null,
  period text not null,
  last integer not null,
  primary key (type, field, period)
);

create table record_history (
  id uuid primary key,
  record_id uuid not null references record (id) on delete cascade,
  type text not null,
  kind text not null check (kind in ('created', 'edited', 'transition', 'deleted', 'restored', 'file', 'resolved')),
  at timestamptz not null,
  by_user uuid not null,
  changes jsonb not null default '[]',
  transition jsonb,
  file jsonb
);
create index record_history_record on record_history (record_id, id);
