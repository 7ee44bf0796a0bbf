-- What each user's replicas should hold, so that a device is brought up to date by reading one index (SYNC.md §3, VIS-1).

create table view_profile (
  id uuid primary key,                      -- for now the user's id: one profile each
  position bigint not null default 0,       -- the last one given to a row; devices remember one of these as their cookie
  log_xmin xid8 not null,                   -- all of change_log below this is worked into view_row (SYN-11)
  subject_hash text,                        -- what access depended on when it was last computed; null: never
  policy_rev text
);

create table view_row (
  profile_id uuid not null references view_profile (id) on delete cascade,
  collection text not null,
  row_id uuid not null,
  parent_id uuid,                           -- rows that are seen through their parent
  hash bigint not null,                     -- hash64 of the projected document
  mask text not null,
  position bigint not null,
  lost boolean not null default false,      -- stays as a tombstone, so that every device of the user is told
  primary key (profile_id, collection, row_id)
);
create index view_row_position on view_row (profile_id, position);
create index view_row_parent on view_row (profile_id, parent_id) where parent_id is not null;
