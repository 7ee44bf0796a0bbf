-- Values that may be there once, taken a second time by somebody who may not know of the first: refusing would tell them
-- (VIS-3). Whoever sees both is shown them; when the holder gives the value up, the one who waits longest has it.
create table record_duplicate (
  type text not null,
  field text not null,
  value text collate "C" not null,
  record_id uuid not null references record (id) on delete cascade,
  at timestamptz not null default now(),
  primary key (type, field, record_id)
);
create index record_duplicate_value on record_duplicate (type, field, value, at);
create index record_duplicate_record on record_duplicate (record_id);
