-- What policies ask most of a record, newest first: a page of the few records that somebody may read is found from here.
-- Whoever may read many finds a page by walking over record_created; the planner chooses by what it expects.
create index record_owner on record (owner, created_at) where deleted_at is null;
create index record_department on record (department, created_at) where deleted_at is null;
