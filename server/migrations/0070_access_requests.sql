-- Who asked for access to a record, and what became of it. A request that was granted is the grant: one row, one id.
create table access_request (
  id uuid primary key,
  requester uuid not null references app_user (id) on delete cascade,
  -- No reference: a request about a record that is not there is taken like any other (VIS-3).
  record_id uuid not null,
  type text not null,
  level text not null check (level in ('read', 'edit')),
  -- Null: the whole record.
  sections text[],
  until timestamptz not null,
  why text not null,
  created_at timestamptz not null,
  -- The requester could not see the record then: what becomes of the request tells them nothing until it is granted.
  hidden boolean not null,
  -- Whom it was put before; besides them its record's owner and administrators may answer.
  recipients uuid[] not null,
  state text not null default 'open' check (state in ('open', 'granted', 'refused', 'ended')),
  answer text,
  answered_by uuid references app_user (id) on delete set null,
  answered_at timestamptz,
  granted_level text check (granted_level in ('read', 'edit')),
  granted_sections text[],
  granted_until timestamptz,
  ended_by uuid references app_user (id) on delete set null,
  ended_at timestamptz,
  check ((state in ('granted', 'ended')) = (granted_until is not null))
);
create index access_request_requester on access_request (requester, created_at);
create index access_request_granted on access_request (requester, granted_until) where state = 'granted';
create index access_request_state on access_request (state, created_at);
