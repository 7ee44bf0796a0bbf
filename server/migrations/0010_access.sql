-- Every set of policies that was ever published; the newest one is in force. Sets are never changed (POL-8).
create table policy_set (
  rev bigint generated always as identity primary key,
  policies jsonb not null,
  -- Where it came from: the installed packs, or an administrator.
  source text not null check (source in ('packs', 'administrator')),
  -- SHA-256 of what was published, to notice on start that the packs have changed.
  sha256 text not null,
  published_at timestamptz not null default now(),
  -- Null: the server itself, on start.
  published_by uuid
);
