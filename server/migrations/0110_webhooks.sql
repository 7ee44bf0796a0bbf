-- Webhooks: programs elsewhere that hear of what happens here.

create table webhook (
  id uuid primary key,
  -- The person or service whose rights decide what is told: asked at every delivery.
  owner_id uuid not null,
  -- Who set it up, and is told when it is switched off. Null: they are no more.
  created_by uuid references app_user (id) on delete set null,
  -- What it hears of: a mailbox.
  resource_type text not null,
  resource_id uuid not null,
  url text not null,
  events text[] not null,
  -- With which deliveries are signed. The one before signs beside it for a day, so that its receiver can follow.
  secret_sealed bytea not null,
  old_secret_sealed bytea,
  old_secret_until timestamptz,
  state text not null default 'on' check (state in ('on', 'off')),
  -- Why it is off: a stable key. Null: by hand.
  off_reason text,
  -- The first failure since the last success, and how many there were; while nobody answers nothing is sent before paused_until.
  failing_since timestamptz,
  failures integer not null default 0,
  paused_until timestamptz,
  delivered_at timestamptz,
  created_at timestamptz not null default now()
);
create index webhook_resource on webhook (resource_type, resource_id);

-- The outbox: an event for a webhook, written in the transaction in which it happened.
create table webhook_event (
  -- The same at each attempt: by it a receiver knows what it has already.
  id uuid primary key,
  webhook_id uuid not null references webhook (id) on delete cascade,
  name text not null,
  -- Ids, and nothing that somebody wrote.
  data jsonb not null,
  at timestamptz not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed', 'dropped')),
  attempts integer not null default 0,
  -- When it is tried next; while an attempt is under way, when it is taken for dead.
  next_at timestamptz not null,
  -- What the last attempt came to: an HTTP status, or a stable key.
  status integer,
  reason text,
  finished_at timestamptz
);
create index webhook_event_due on webhook_event (webhook_id, next_at) where state = 'waiting';
create index webhook_event_listed on webhook_event (webhook_id, id desc);
create index webhook_event_finished on webhook_event (finished_at) where finished_at is not null;
