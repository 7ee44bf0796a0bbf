-- Facts about this installation: its id, the epoch of its sequence numbers (SYN-12), secrets for signing.
create table server_state (
  key text primary key,
  value jsonb not null
);

-- Every change of a row that a replica may hold, written in the transaction of the change.
-- Read in the order (txid, id) up to pg_snapshot_xmin: see kernel/database/changes.ts.
create table change_log (
  id bigint generated always as identity,
  txid xid8 not null default pg_current_xact_id(),
  collection text not null,
  row_id uuid not null,
  at timestamptz not null default now(),
  primary key (txid, id)
);

-- Intents that were taken, with the answer given: sending one again gives the same answer and does nothing (SYN-4).
create table intent_log (
  mid uuid primary key,
  user_id uuid not null,
  device_id uuid,
  name text not null,
  result jsonb not null,
  at timestamptz not null default now()
);
create index intent_log_at on intent_log (at);
