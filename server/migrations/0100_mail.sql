-- Mail. A mailbox holds messages in folders; what a message says is stored once, however many mailboxes it lies in.

-- Domains for which this server takes mail. Names beyond ASCII stand here as in the DNS (RFC 5891).
create table mail_domain (
  name text primary key check (name = lower(name)),
  created_at timestamptz not null default now(),
  -- What the last look at its DNS found, and when that was.
  checked_at timestamptz,
  findings jsonb
);

-- DKIM: the keys with which mail from a domain is signed (RFC 6376, 8463).
create table mail_dkim_key (
  id uuid primary key,
  domain text not null references mail_domain (name) on delete cascade,
  selector text not null,
  algorithm text not null check (algorithm in ('rsa', 'ed25519')),
  -- As the DNS record has it.
  public_key text not null,
  key_sealed bytea not null,
  -- A pending key signs nothing: its record is not in the DNS yet, and a signature that nobody can verify is none. A retired
  -- one signs no more; its record stays until what it signed is no longer on its way.
  state text not null default 'pending' check (state in ('pending', 'active', 'retired')),
  created_at timestamptz not null default now(),
  unique (domain, selector)
);

create table mailbox (
  id uuid primary key,
  kind text not null check (kind in ('personal', 'shared', 'external')),
  owner_id uuid references app_user (id),
  department_id uuid references department (id),
  name text not null,
  address text not null check (address = lower(address)),
  rev integer not null default 1,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  check ((kind = 'shared') = (owner_id is null))
);
create unique index mailbox_personal on mailbox (owner_id) where kind = 'personal';
create unique index mailbox_external on mailbox (owner_id, address) where kind = 'external';
create index mailbox_owner on mailbox (owner_id);

-- Members of shared mailboxes, and delegates of personal ones.
create table mailbox_member (
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  user_id uuid not null references app_user (id) on delete cascade,
  role text not null check (role in ('reader', 'editor', 'sender', 'manager')),
  primary key (mailbox_id, user_id)
);
create index mailbox_member_user on mailbox_member (user_id);

-- A group's address: whoever writes to it writes to all of its members.
create table mail_group (
  id uuid primary key,
  name text not null,
  address text not null unique check (address = lower(address)),
  -- Of people: the group of the structure whose members these are, beside those named here.
  user_group_id uuid references user_group (id) on delete set null,
  created_at timestamptz not null default now()
);
create table mail_group_member (
  group_id uuid not null references mail_group (id) on delete cascade,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  primary key (group_id, mailbox_id)
);

-- Every address that is ours, in lower case; the key decides a race for one. External accounts' addresses are not here:
-- mail to them goes through their provider.
create table mail_address (
  address text primary key check (address = lower(address)),
  mailbox_id uuid references mailbox (id) on delete cascade,
  group_id uuid references mail_group (id) on delete cascade,
  is_main boolean not null default false,
  check ((mailbox_id is null) <> (group_id is null))
);
create index mail_address_mailbox on mail_address (mailbox_id);

create table mail_folder (
  id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  parent_id uuid references mail_folder (id) on delete cascade,
  role text check (role in ('inbox', 'drafts', 'outbox', 'sent', 'archive', 'junk', 'trash')),
  name text not null,
  rev integer not null default 1,
  created_at timestamptz not null default now(),
  -- A folder of the user's that lies in the trash, with everything in it.
  trashed_at timestamptz
);
create index mail_folder_mailbox on mail_folder (mailbox_id);
create unique index mail_folder_role on mail_folder (mailbox_id, role) where role is not null;

-- What a message says: one row for all mailboxes that it lies in. A draft's is its own, and is rewritten until it leaves.
create table mail_content (
  id uuid primary key,
  -- The message as it travels, byte for byte, in the blob store. Null while it is a draft.
  raw_sha256 text,
  raw_size bigint not null default 0,
  -- Message-ID, In-Reply-To and References without their brackets.
  message_id text not null,
  in_reply_to text[] not null default '{}',
  refs text[] not null default '{}',
  subject text not null,
  -- {from, sender, replyTo, to, cc}: lists of {address, name}.
  people jsonb not null,
  sent_at timestamptz not null,
  snippet text not null default '',
  body_text text not null default '',
  body_html text,
  is_cut boolean not null default false,
  has_remote boolean not null default false,
  -- {internal, spf, dkim, dmarc, warnings}
  authenticity jsonb not null,
  -- {list, importance, sealed, autoSubmitted, cards}
  extras jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index mail_content_message_id on mail_content (message_id);
create index mail_content_raw on mail_content (raw_sha256) where raw_sha256 is not null;

-- What is found by words: A the subject, B who it is from, C whom it is to, D what it says. Written by the server, which takes texts
-- apart as the desktop does (messageWords.ts): in half the time of to_tsvector, and both find the same.
alter table mail_content add column words tsvector not null;
create index mail_content_words on mail_content using gin (words);

create table mail_thread (
  id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  -- Made by hand: no message that arrives changes what belongs to it, except by its own references.
  by_hand boolean not null default false
);
-- Message-IDs that were seen in a mailbox, as messages or as references, and the thread that they lead to.
create table mail_thread_ref (
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  message_id text not null,
  thread_id uuid not null references mail_thread (id) on delete cascade,
  primary key (mailbox_id, message_id)
);
create index mail_thread_ref_thread on mail_thread_ref (thread_id);

create table mail_message (
  id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  folder_id uuid not null references mail_folder (id),
  content_id uuid not null references mail_content (id),
  thread_id uuid not null references mail_thread (id),
  received_at timestamptz not null,
  seen boolean not null default false,
  flagged boolean not null default false,
  answered boolean not null default false,
  forwarded boolean not null default false,
  labels text[] not null default '{}',
  snoozed_until timestamptz,
  follow_up_at timestamptz,
  assignee_id uuid references app_user (id) on delete set null,
  -- Only on the copy of whoever sent it.
  bcc jsonb,
  send_state text check (send_state in ('draft', 'scheduled', 'sending', 'sent', 'failed')),
  send_at timestamptz,
  send_by uuid references app_user (id),
  send_reason text,
  send_message text,
  -- {kind, sourceId}
  origin jsonb,
  -- Of a draft: counted up by each save, so that two devices do not overwrite each other.
  draft_rev integer not null default 0,
  -- The device that saved last, and the first revision of those that it saved with nobody in between.
  draft_writer text,
  draft_alone_since integer not null default 0,
  -- From where it was sent (device, channel, address): what policies ask once more when it leaves.
  send_context jsonb,
  -- Attempts to send it that failed by a fault of ours, and when the next one is due.
  send_attempts integer not null default 0,
  send_retry_at timestamptz,
  -- Where it lay before it went to the trash, to be put back.
  trashed_from uuid,
  trashed_at timestamptz,
  rev integer not null default 1
);
create index mail_message_folder on mail_message (folder_id, received_at desc, id desc);
create index mail_message_mailbox on mail_message (mailbox_id, received_at desc, id desc);
create index mail_message_thread on mail_message (thread_id);
create index mail_message_content on mail_message (content_id);
create index mail_message_snoozed on mail_message (snoozed_until) where snoozed_until is not null;
create index mail_message_follow_up on mail_message (follow_up_at) where follow_up_at is not null;
create index mail_message_due on mail_message (send_at) where send_state = 'scheduled';
create index mail_message_drafts on mail_message (mailbox_id) where send_state in ('draft', 'failed');
-- To whom somebody writes, for suggestions.
create index mail_message_sent on mail_message (send_by, received_at desc) where send_state = 'sent';
create index mail_message_trashed on mail_message (trashed_at) where trashed_at is not null;

-- Attachments are files like those of records: a body in the blob store, a preview, an upload that goes on where it stopped.
alter table file
  alter column record_id drop not null,
  alter column field drop not null,
  alter column created_by drop not null,  -- an attachment from outside has nobody of ours
  add column mail_content_id uuid references mail_content (id) on delete cascade,
  add column content_id text,             -- Content-ID without its brackets
  add column inline boolean not null default false,
  add column part_position integer,
  add constraint file_has_one_place check ((record_id is null) <> (mail_content_id is null)),
  add constraint file_of_record check (record_id is null or (field is not null and created_by is not null));
-- Nothing names the body since then: after a day it is deleted (files/sweepBlobs.ts).
alter table blob add column unnamed_since timestamptz;
create index blob_unnamed on blob (unnamed_since) where unnamed_since is not null;
create index file_mail_content on file (mail_content_id) where mail_content_id is not null;
-- The feed reads the files of records in the order of their ids, past any number of attachments.
create index file_of_records on file (id) where record_id is not null;

-- What leaves for outside: one row a recipient.
create table mail_outbound (
  id uuid primary key,
  -- The sender's copy; null once that was deleted for good.
  message_id uuid references mail_message (id) on delete set null,
  content_id uuid not null references mail_content (id),
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  -- Through the provider of this external mailbox, or (null) by this server's own ways.
  account_id uuid references mailbox (id) on delete cascade,
  envelope_from text not null,
  recipient text not null,
  domain text not null,
  state text not null default 'waiting'
    check (state in ('waiting', 'held', 'sending', 'delivered', 'relayed', 'delayed', 'failed', 'cancelled')),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  -- When the last attempt began, and until when the node that makes it is alive: it renews this while it is at work, so that
  -- an attempt that was killed is noticed and made again.
  attempt_started_at timestamptz,
  lease_until timestamptz,
  -- The far server's last answer: code, enhanced code, words.
  reply text,
  queued_at timestamptz not null default now(),
  -- When the sender was told that it takes long.
  delay_told_at timestamptz,
  finished_at timestamptz,
  -- ENVID of RFC 3461, the same for all recipients of a message: bounces come back with it.
  envelope_id text not null
);
create index mail_outbound_due on mail_outbound (next_at) where state in ('waiting', 'delayed');
create index mail_outbound_sending on mail_outbound (lease_until) where state = 'sending';
create index mail_outbound_message on mail_outbound (message_id);
create index mail_outbound_envelope on mail_outbound (envelope_id);

-- What came in and was acknowledged, until it lies in its mailboxes. The raw message is in the blob store before this row is.
create table mail_inbound (
  id uuid primary key,
  raw_sha256 text not null,
  raw_size bigint not null,
  -- Of the message as it came, without the trace that was put in front of it: a sender who did not hear that it was taken
  -- sends the same bytes again, and they are delivered once.
  body_sha256 text not null,
  envelope_from text not null,
  recipients text[] not null,
  -- A notice of ours about a message that left: it goes to this mailbox, whatever its address.
  mailbox_id uuid references mailbox (id) on delete cascade,
  -- {helo, ip, tls, spf, dkim, dmarc, ...}
  verdict jsonb not null,
  received_at timestamptz not null default now(),
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'quarantined', 'released', 'dropped')),
  -- Why it is in quarantine: a stable key, and words.
  reason text,
  message text,
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  finished_at timestamptz
);
create index mail_inbound_waiting on mail_inbound (next_at) where state = 'waiting';
create index mail_inbound_quarantine on mail_inbound (received_at) where state = 'quarantined';
create index mail_inbound_body on mail_inbound (body_sha256, received_at);
create index mail_inbound_finished on mail_inbound (finished_at) where finished_at is not null;

-- An external account: how to reach the provider, and how it is going.
create table mail_account (
  mailbox_id uuid primary key references mailbox (id) on delete cascade,
  user_name text not null,
  auth text not null check (auth in ('password', 'oauth')),
  provider text,
  imap_host text not null,
  imap_port integer not null,
  imap_security text not null check (imap_security in ('tls', 'starttls', 'none')),
  smtp_host text not null,
  smtp_port integer not null,
  smtp_security text not null check (smtp_security in ('tls', 'starttls', 'none')),
  -- Sealed with the server's key: password, or refresh and access token.
  secret_sealed bytea not null,
  access_expires_at timestamptz,
  state text not null default 'connecting'
    check (state in ('connecting', 'syncing', 'ready', 'waiting', 'needsSignIn', 'failed', 'off')),
  reason text,
  message text,
  progress_done integer,
  progress_total integer,
  retry_at timestamptz,
  failures integer not null default 0,
  last_synced_at timestamptz,
  created_at timestamptz not null default now(),
  -- Counted up by each worker that takes the account, and when it is changed: one that lost it without knowing writes nothing more.
  epoch integer not null default 0,
  -- Somebody asks for new mail now.
  look_wanted boolean not null default false
);

-- How the account looks at its provider, as far as we know it (RFC 3501, 7162). Apart from the folders and messages of the
-- mailbox and without a reference to them: what was moved or deleted here is still there as it was until that is done there.
create table mail_remote_folder (
  -- Ours.
  folder_id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  path text not null,
  -- Null: not looked into yet.
  uid_validity bigint,
  -- UIDs from here on are new.
  uid_next bigint not null default 1,
  -- 63 bits (RFC 7162), which our numbers do not hold.
  highest_modseq numeric(20),
  -- UIDs below it are still to be fetched: the first filling comes down from the newest.
  filled_down_to bigint not null default 1
);
create unique index mail_remote_folder_path on mail_remote_folder (mailbox_id, path);

create table mail_remote_message (
  -- Ours.
  message_id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  -- Null, both: no longer where it was, and looked for elsewhere.
  folder_id uuid references mail_remote_folder (folder_id) on delete set null,
  uid bigint,
  -- Its flags there: 1 seen, 2 flagged, 4 answered, 8 forwarded.
  marks smallint not null default 0,
  -- Those of its keywords that are labels.
  labels text[] not null default '{}',
  -- Of a draft: what it said here when this copy was put there.
  draft text,
  -- We put it there, and have not looked into that folder since.
  is_put boolean not null default false
);
create index mail_remote_message_put on mail_remote_message (folder_id) where is_put;
create unique index mail_remote_message_uid on mail_remote_message (folder_id, uid) where folder_id is not null;
create index mail_remote_message_lost on mail_remote_message (mailbox_id) where folder_id is null;

-- A sign-in by OAuth that is under way: begun here, done at the provider, and come back to us with a code.
create table mail_oauth_flow (
  -- SHA-256 of what goes along as `state`: whoever reads the database cannot finish it.
  state_sha256 bytea primary key,
  user_id uuid not null references app_user (id) on delete cascade,
  provider text not null,
  redirect_uri text not null,
  -- PKCE (RFC 7636); sealed.
  verifier_sealed bytea not null,
  expires_at timestamptz not null,
  -- The browser came back: what it was given is redeemed once.
  returned_at timestamptz,
  -- What the browser shows and whoever began must say, so that nobody finishes what somebody else agreed to.
  words_sha256 bytea,
  tries integer not null default 0,
  confirmed_at timestamptz,
  reason text,
  message text,
  address text,
  tokens_sealed bytea
);
create index mail_oauth_flow_expires on mail_oauth_flow (expires_at);

-- What was done here to an external mailbox and is still to be done there, in order.
create table mail_remote_change (
  id bigint generated always as identity primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  kind text not null
    check (kind in ('flags', 'move', 'delete', 'append', 'draft', 'createFolder', 'renameFolder', 'deleteFolder')),
  message_id uuid,
  folder_id uuid,
  args jsonb not null,
  attempts integer not null default 0,
  at timestamptz not null default now()
);
create index mail_remote_change_mailbox on mail_remote_change (mailbox_id, id);
create index mail_remote_change_message on mail_remote_change (message_id) where message_id is not null;

create table mail_link (
  id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  thread_id uuid not null references mail_thread (id) on delete cascade,
  message_id uuid references mail_message (id) on delete cascade,
  record_id uuid not null references record (id) on delete cascade,
  how text not null check (how in ('hand', 'rule', 'number')),
  created_at timestamptz not null default now(),
  created_by uuid
);
create unique index mail_link_once on mail_link (thread_id, coalesce(message_id, '00000000-0000-0000-0000-000000000000'), record_id);
create index mail_link_record on mail_link (record_id);
create index mail_link_mailbox on mail_link (mailbox_id);
-- A record is found by the number that stands in a subject. Packs call that field "number".
create index record_number on record (type, (fields->>'number')) where fields->>'number' is not null;

create table mail_rule (
  id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  position integer not null,
  rule jsonb not null,
  -- Who saved it last: in whose name it forwards, for as long as that person may send.
  saved_by uuid not null references app_user (id) on delete cascade,
  rev integer not null default 1
);
create index mail_rule_mailbox on mail_rule (mailbox_id, position);

-- Rules run on what lies there already: how far that is.
create table mail_rule_run (
  id uuid primary key,
  mailbox_id uuid not null references mailbox (id) on delete cascade,
  folder_id uuid not null references mail_folder (id) on delete cascade,
  -- Null: all that are on.
  rule_id uuid references mail_rule (id) on delete cascade,
  started_by uuid not null references app_user (id) on delete cascade,
  started_at timestamptz not null,
  finished_at timestamptz,
  total integer not null,
  done integer not null default 0,
  changed integer not null default 0,
  -- The last message that was looked at; a run that was interrupted goes on after it.
  after_id uuid
);
create index mail_rule_run_mailbox on mail_rule_run (mailbox_id, started_at desc);

create table contact (
  id uuid primary key,
  kind text not null check (kind in ('personal', 'shared')),
  owner_id uuid not null references app_user (id) on delete cascade,
  contact jsonb not null,
  -- Of {name, organisation, emails}, lower case, for looking up.
  emails text[] not null default '{}',
  rev integer not null default 1,
  updated_at timestamptz not null default now()
);
create index contact_owner on contact (owner_id);
create index contact_emails on contact using gin (emails);

create table mail_settings (
  -- The user's.
  id uuid primary key references app_user (id) on delete cascade,
  settings jsonb not null default '{}',
  rev integer not null default 1
);
