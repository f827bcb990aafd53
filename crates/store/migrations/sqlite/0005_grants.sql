-- What a keystore entry may be used for, as JSON, and when that was last done.
alter table keystore add column grants text not null default '{"tasks":["*"],"hosts":[]}';
alter table keystore add column used_at integer;
