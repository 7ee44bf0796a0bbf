-- What a draft of policies would change, for everybody, worked out in the background (POL-8).
create table dry_run (
  id uuid primary key,
  draft_id uuid not null references policy_draft (id) on delete cascade,
  draft_version integer not null,
  -- The draft as it was when the run was asked for.
  policies json not null,
  -- The set that it is compared with: the one in force when the run began.
  base_rev text not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  done integer not null default 0,
  total integer not null default 0,
  started_at timestamptz not null,
  -- Touched while it runs: a run that nobody touches any more has lost its server.
  alive_at timestamptz not null,
  finished_at timestamptz,
  words text,
  result jsonb
);
create index dry_run_draft on dry_run (draft_id, started_at);

-- Those for whom something changes.
create table dry_run_person (
  run_id uuid not null references dry_run (id) on delete cascade,
  user_id uuid not null,
  name text not null,
  department_id uuid,
  gained integer not null,
  lost integer not null,
  changed integer not null,
  devices jsonb not null,
  by_type jsonb not null,
  primary key (run_id, user_id)
);
create index dry_run_person_lost on dry_run_person (run_id, lost, user_id);
create index dry_run_person_gained on dry_run_person (run_id, gained, user_id);
