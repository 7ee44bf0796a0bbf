alter table policy_set
  -- Text as it was written: the order of keys is how people find their way in a policy.
  alter column policies type json using policies::json,
  add column title text,
  -- Of a revert: the set that is in force again.
  add column revert_of bigint references policy_set (rev),
  -- Without those that are part of every set.
  add column policy_count integer,
  -- The types that it was checked against; a set means something else when they change.
  add column types_sha256 text,
  drop constraint if exists policy_set_source_check,
  add constraint policy_set_source_check check (source in ('packs', 'administrator', 'revert'));

-- Those are not stored any more, since some of them follow from the types of the day.
update policy_set set policies = (
  select coalesce(json_agg(policy order by place), '[]')
  from json_array_elements(policies) with ordinality as element (policy, place)
  where policy ->> 'id' <> 'administrators-administer'
);
update policy_set set policy_count = json_array_length(policies);
alter table policy_set alter column policy_count set not null;

-- A set that is being written. It may be incomplete and wrong; only publishing asks that it is right.
create table policy_draft (
  id uuid primary key,
  title text not null,
  -- No foreign key: sets are never deleted.
  base_rev bigint not null,
  -- Grows with each save; whoever saves says which one they saw.
  version integer not null default 1,
  policies json not null,
  -- Words of the server, where it left the draft.
  note text,
  updated_at timestamptz not null default now(),
  updated_by uuid
);
