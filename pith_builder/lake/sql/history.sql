-- History: what each build added, what was there before, who signed it, and what was refused.

-- Ruling: "on" a day is at its end, UTC. Builds count in the order of their commits, which their names
-- begin with; a build dated back with --now does not undo those before it.
create or replace macro pith_build_on(moment) as case
    when regexp_full_match(moment::varchar, '[0-9]{8}-[0-9]{8}T[0-9]{6}Z')
    then coalesce(
        (select build_id from builds where build_id = moment::varchar),
        error('there is no build ' || moment::varchar || ' in this lake: see table builds')
    )
    when regexp_full_match(moment::varchar, '[0-9]{4}-[0-9]{2}-[0-9]{2}')
        and try_cast(moment::varchar as date) is not null
    then (select max(build_id) from builds where started_at < try_cast(moment::varchar as date) + 1)
    when try_cast(moment::varchar as timestamptz) is not null
    then (select max(build_id) from builds where started_at <= try_cast(moment::varchar as timestamptz))
    else error(
        'wanted a day such as 2026-11-20, an instant such as 2026-11-20T14:17:09Z or a build, found '
        || coalesce(moment::varchar, 'null')
    )
end;

comment on macro pith_build_on is
    'The last build of a day''s end or an instant, or the build itself; null before the first.';

-- Records are only added, so those of the past are those of the builds until then.
create or replace macro records_on(moment) as table
select r.*
from records r
where r.build_id <= pith_build_on(moment);

comment on macro table records_on is
    'Records as of a day''s end, an instant or a build: records_on(''2026-11-20'').';

create or replace view additions as
select build_id, table_name, count(*) as rows_added
from (
    select build_id, 'records' as table_name from records
    union all select build_id, 'events' from events
    union all select build_id, 'states' from states
    union all select build_id, 'bundles' from bundles
    union all select build_id, 'aliases' from aliases
    union all select build_id, 'keys' from keys
    union all select build_id, 'windows' from windows
    union all select build_id, 'sightings' from sightings
    union all select build_id, 'rejects' from rejects
)
group by build_id, table_name
order by build_id, rows_added desc, table_name;

comment on view additions is 'How many rows of each table a build added and are still as it left them.';
comment on column additions.build_id is 'The build.';
comment on column additions.table_name is 'The table.';
comment on column additions.rows_added is 'Rows of it that bear the build''s name.';

create or replace macro changes(build := null) as table
select a.build_id, a.table_name, a.rows_added
from additions a
where a.build_id = case
    when build is null then (select max(b.build_id) from builds b) else pith_build_on(build)
end;

comment on macro table changes is 'What a build added, by table; without a name, what the last one did.';

create or replace macro records_of(build := null) as table
select r.*
from records r
where r.build_id = case
    when build is null then (select max(b.build_id) from builds b) else pith_build_on(build)
end;

comment on macro table records_of is 'The records a build added; without a name, those of the last one.';

create or replace view signatures as
select
    key_id, public_key_fingerprint, null::varchar as signer_id, 'receipt' as signed_what, signed_at,
    pith_number, signature_b64, build_id
from records
union all
select
    key_id, public_key_fingerprint, signer_id, event_type, signed_at,
    pith_number, signature_b64, build_id
from events
union all
select
    key_id, public_key_fingerprint, null, 'bundle', signed_at,
    pith_number, signature_b64, build_id
from bundles;

comment on view signatures is 'Every signature of a receipt, an event or a bundle: who signed what, when.';
comment on column signatures.key_id is 'The id of the key that signed.';
comment on column signatures.public_key_fingerprint is
    'First 32 hexadecimal digits of the SHA-256 of that key.';
comment on column signatures.signer_id is 'Who states it, of an event; null of what a key alone signs.';
comment on column signatures.signed_what is 'receipt, bundle, or the type of the event.';
comment on column signatures.signed_at is 'When it was signed.';
comment on column signatures.pith_number is 'The Pith Number of the record.';
comment on column signatures.signature_b64 is 'The signature.';
comment on column signatures.build_id is 'The build that added the row.';

create or replace view signers as
select
    key_id, public_key_fingerprint, signed_what, count(*) as signatures,
    min(signed_at) as first_signed_at, max(signed_at) as last_signed_at
from signatures
group by key_id, public_key_fingerprint, signed_what
order by key_id, public_key_fingerprint, signed_what;

comment on view signers is 'How much each key signed of each kind, and from when to when.';
comment on column signers.key_id is 'The id of the key.';
comment on column signers.public_key_fingerprint is
    'First 32 hexadecimal digits of the SHA-256 of that key.';
comment on column signers.signed_what is 'receipt, bundle, or the type of the event.';
comment on column signers.signatures is 'How many.';
comment on column signers.first_signed_at is 'When the first was made.';
comment on column signers.last_signed_at is 'When the last was made.';

create or replace view rejects_by_reason as
select reason, count(*) as rejects, min(message) as example
from rejects
group by reason
order by rejects desc, reason;

comment on view rejects_by_reason is 'Why things observed made no record, the most frequent first.';
comment on column rejects_by_reason.reason is 'Why, from a closed list.';
comment on column rejects_by_reason.rejects is 'How many.';
comment on column rejects_by_reason.example is 'One of their messages.';
