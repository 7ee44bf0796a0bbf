-- What happened, for those who must answer for it: written in the transaction of what it tells of, never changed after.
-- Entries are put into a chain in the order of commit, a moment later: then they have a number and a hash.
create table audit_entry (
  id uuid primary key,
  txid xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  -- `<feature>.<what happened>`: people.signedIn, access.published, record.denied.
  action text not null,
  outcome text not null check (outcome in ('done', 'denied', 'failed')),
  user_id uuid,
  -- As they were then: people are renamed, and the log is not.
  login text,
  channel text,
  ip text,
  device_id uuid,
  object_kind text,
  object_id text,
  object_title text,
  details jsonb not null default '{}',
  number bigint unique,
  hash bytea,
  check ((number is null) = (hash is null))
);
create index audit_entry_unchained on audit_entry (txid) where number is null;
create index audit_entry_user on audit_entry (user_id, number);
create index audit_entry_object on audit_entry (object_kind, object_id, number);
create index audit_entry_action on audit_entry (action, number);
create index audit_entry_at on audit_entry (at);

-- How far the chain goes, and where it begins after old entries were dropped.
create table audit_chain (
  singleton boolean primary key default true check (singleton),
  first_number bigint not null default 1,
  -- The hash before the first entry that is kept.
  anchor bytea not null,
  last_number bigint not null default 0,
  last_hash bytea not null
);
insert into audit_chain (anchor, last_hash) values ('\x', '\x');
