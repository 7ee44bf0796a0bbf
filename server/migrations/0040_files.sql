-- Bodies that the blob store holds. A body that no row names any longer is swept by a later job.
create table blob (
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  size bigint not null,
  created_at timestamptz not null default now()
);

create table file (
  id uuid primary key,
  record_id uuid not null references record (id) on delete cascade,
  field text not null,
  name text not null,
  -- What the client said until the body is here, what the body is from then on.
  mime text not null,
  size bigint not null,
  sha256 text not null,
  state text not null default 'awaiting' check (state in ('awaiting', 'stored', 'refused')),
  refusal text,
  -- A copy of the preview's state, so that a replica's row is read from one table.
  preview_state text not null default 'none' check (preview_state in ('none', 'pending', 'ready', 'failed')),
  preview_reason text,
  preview_format text,
  pages integer,
  page_images integer,
  page_sizes jsonb,
  pdf_sha256 text,
  thumbnail_sha256 text,
  rev integer not null default 1,
  created_at timestamptz not null,
  created_by uuid not null,
  deleted_at timestamptz,
  deleted_by uuid
);
create index file_record on file (record_id);
create index file_sha256 on file (sha256);

-- An upload under way: its part lies in the data directory under the same id, and its size there is the offset.
create table upload (
  file_id uuid primary key references file (id) on delete cascade,
  owner uuid not null,
  size bigint not null,
  -- Times that a complete part was not the body announced.
  mismatches integer not null default 0,
  -- All bytes are here; from now on the part belongs to the server.
  received_at timestamptz,
  finished_at timestamptz,
  created_at timestamptz not null default now()
);
create index upload_open on upload (owner) where finished_at is null;

-- Made once for equal bodies.
create table preview (
  sha256 text not null,
  format text not null,
  state text not null default 'pending' check (state in ('pending', 'ready', 'failed')),
  reason text,
  pages integer,
  page_sizes jsonb,
  page_sha256s jsonb,
  pdf_sha256 text,
  thumbnail_sha256 text,
  -- How often it was begun: what kills the server each time is given up.
  begun integer not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (sha256, format)
);
