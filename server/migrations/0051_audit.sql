-- The audit log can only grow (POL-12). These walls hold against mistakes and against statements smuggled into the
-- server's own connection; whoever owns the tables can take them down, and is found out by the chain (docs/audit.md).

-- Equal things that happen again within a minute are counted here, and become one entry when the minute is over.
create table audit_repeat (
  key bytea primary key,
  since timestamptz not null,
  until timestamptz not null,
  -- All of them, with the first, which has its own entry.
  count int not null,
  entry jsonb not null
);
create index audit_repeat_since on audit_repeat (since);

-- Entries about several records name them all in their details.
create index audit_entry_ids on audit_entry using gin ((details -> 'ids')) where details ? 'ids';

create function audit_entry_inserted() returns trigger language plpgsql as $$
begin
  new.txid := pg_current_xact_id();
  new.number := null;
  new.hash := null;
  return new;
end $$;
create trigger audit_entry_inserted before insert on audit_entry for each row execute function audit_entry_inserted();

-- An entry is put into the chain once; nothing else about it changes, ever.
create function audit_entry_updated() returns trigger language plpgsql as $$
begin
  if old.number is null and new.number is not null
    and (new.id, new.txid, new.at, new.action, new.outcome, new.user_id, new.login, new.channel, new.ip,
         new.device_id, new.object_kind, new.object_id, new.object_title, new.details)
      is not distinct from
        (old.id, old.txid, old.at, old.action, old.outcome, old.user_id, old.login, old.channel, old.ip,
         old.device_id, old.object_kind, old.object_id, old.object_title, old.details)
    and new.number > (select last_number from audit_chain)
  then
    return new;
  end if;
  raise exception 'the audit log is append-only: an entry cannot be changed' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_entry_updated before update on audit_entry for each row execute function audit_entry_updated();

-- Only what lies before the chain's beginning goes; and the beginning moves as `audit_chain_updated` lets it.
create function audit_entry_deleted() returns trigger language plpgsql as $$
begin
  if old.number is not null and old.number < (select first_number from audit_chain) then
    return old;
  end if;
  raise exception 'the audit log is append-only: an entry cannot be deleted' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_entry_deleted before delete on audit_entry for each row execute function audit_entry_deleted();

create function audit_refused() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_entry_truncated before truncate on audit_entry for each statement execute function audit_refused();
create trigger audit_chain_truncated before truncate on audit_chain for each statement execute function audit_refused();
create trigger audit_chain_deleted before delete on audit_chain for each row execute function audit_refused();

-- The head moves forward to an entry that is there; the beginning moves forward, past entries older than 30 days, and
-- keeps the hash of the last of them.
create function audit_chain_updated() returns trigger language plpgsql as $$
begin
  if (new.last_number, new.last_hash) is distinct from (old.last_number, old.last_hash)
    and (new.last_number <= old.last_number
      or not exists (select from audit_entry where number = new.last_number and hash = new.last_hash))
  then
    raise exception 'the head of the audit log can only move forward' using errcode = 'insufficient_privilege';
  end if;
  if (new.first_number, new.anchor) is distinct from (old.first_number, old.anchor)
    and (new.first_number <= old.first_number
      or not exists (select from audit_entry where number = new.first_number - 1 and hash = new.anchor)
      or exists (
        select from audit_entry
        where number >= old.first_number and number < new.first_number and at > now() - interval '30 days'))
  then
    raise exception 'the audit log keeps every entry for at least 30 days' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger audit_chain_updated before update on audit_chain for each row execute function audit_chain_updated();
