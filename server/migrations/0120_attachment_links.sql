-- An attachment's author may choose that people outside get a link to it that ends, whatever its size.

alter table file add column as_link boolean not null default false;
