"""Chain each account's audit: every row carries the hash of the one before, so that nobody alters the past without a trace.

A constraint trigger links new rows at the commit of their transaction, when nothing else will be locked: writers of one account wait for
each other at its head for that moment only. It is the owner's function, so web and workers can neither write a link nor move a head.
"""

from django.db import migrations

from crossdock.tenancy.operations import definer_function, fence

# What of a row is hashed, as one text: a JSON array in PostgreSQL's own spelling, times in UTC to the microsecond.
CANONICAL = """
create function audit_text(a audit, seq bigint) returns text language sql stable set search_path = pg_catalog, public, pg_temp as $fn$
  select jsonb_build_array(1, a.account_id, seq, a.id, to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.by, a.action,
                           a.subject_kind, a.subject_id, a.before, a.after)::text
$fn$
"""

TABLES = [
    "create table audit_head (account_id bigint primary key references account (id) on delete cascade, seq bigint not null,"
    " hash bytea not null check (octet_length(hash) = 32))",
    "create table audit_link (account_id bigint not null references account (id) on delete cascade, seq bigint not null,"
    " audit_at timestamptz not null, audit_id bigint not null, before bytea not null, hash bytea not null check (octet_length(hash) = 32),"
    " primary key (account_id, seq))",
    "create index audit_link_row on audit_link (account_id, audit_at, audit_id)",
    "create table audit_seal (account_id bigint not null references account (id) on delete cascade, seq bigint not null,"
    " at timestamptz not null default clock_timestamp(), hash bytea not null, mac bytea not null,"
    " primary key (account_id, seq))",
    *fence("audit_head", grants="select"),
    *fence("audit_link", grants="select"),
    *fence("audit_seal", grants="select, insert"),
    *(
        statement
        for table in ("audit_head", "audit_seal")
        for statement in (
            f"grant select (account_id, seq) on {table} to crossdock_lookup",
            f"create policy lookup on {table} for select to crossdock_lookup using (true)",
        )
    ),
]

# The owner's policy wants `app.maintenance`, which means nothing for any other role; the function puts back what was set.
LINK = """
create function link_audit() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $fn$
declare a public.audit; head public.audit_head; made bytea; was text := coalesce(current_setting('app.maintenance', true), '');
begin
  perform set_config('app.maintenance', 'on', true);
  select * into a from public.audit where at = new.at and id = new.id and account_id = new.account_id;
  insert into public.audit_head (account_id, seq, hash) values (new.account_id, 0, decode(repeat('00', 32), 'hex'))
    on conflict (account_id) do nothing;
  select * into head from public.audit_head where account_id = new.account_id for no key update;
  made := sha256(head.hash || convert_to(public.audit_text(a, head.seq + 1), 'UTF8'));
  insert into public.audit_link (account_id, seq, audit_at, audit_id, before, hash)
    values (new.account_id, head.seq + 1, new.at, new.id, head.hash, made);
  update public.audit_head set seq = head.seq + 1, hash = made where account_id = new.account_id;
  perform set_config('app.maintenance', was, true);
  return null;
end $fn$
"""

# Rows from before are linked in the order of their time.
LINK_ALL = """
do $$
declare
  a public.audit; last_seq bigint := 0; last_account bigint := -1; last_hash bytea; made bytea; was text := current_setting('app.maintenance', true);
begin
  perform set_config('app.maintenance', 'on', true);
  for a in select * from public.audit order by account_id, at, id loop
    if a.account_id <> last_account then
      last_account := a.account_id; last_seq := 0; last_hash := decode(repeat('00', 32), 'hex');
    end if;
    last_seq := last_seq + 1;
    made := sha256(last_hash || convert_to(public.audit_text(a, last_seq), 'UTF8'));
    insert into public.audit_link (account_id, seq, audit_at, audit_id, before, hash)
      values (a.account_id, last_seq, a.at, a.id, last_hash, made);
    insert into public.audit_head (account_id, seq, hash) values (a.account_id, last_seq, made)
      on conflict (account_id) do update set seq = excluded.seq, hash = excluded.hash;
    last_hash := made;
  end loop;
  perform set_config('app.maintenance', coalesce(was, ''), true);
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [
                CANONICAL,
                "revoke execute on function audit_text(audit, bigint) from public",
                "grant execute on function audit_text(audit, bigint) to crossdock_app",
                *TABLES,
                LINK,
                "revoke execute on function link_audit() from public",
                "grant execute on function link_audit() to crossdock_app",
                LINK_ALL,
                "create constraint trigger audit_linked after insert on audit deferrable initially deferred"
                " for each row execute function link_audit()",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        definer_function(
            "audit_heads(above bigint, most integer) returns table (account_id bigint, seq bigint, sealed bigint)",
            """
            select a.id, coalesce(h.seq, 0), coalesce((select max(s.seq) from public.audit_seal s where s.account_id = a.id), 0)
              from public.account a left join public.audit_head h on h.account_id = a.id
             where a.id > above order by a.id limit least(most, 5000)
            """,
        ),
    ]
