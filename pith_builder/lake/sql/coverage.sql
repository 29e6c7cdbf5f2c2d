-- Coverage: which days of which sets were read whole, and which were not. It says what `pith gaps`
-- says (operations/ledger.py), for every source and set that the ledger names.

create or replace view coverage as
with lines as (
    -- The day on which the source answered was not over.
    select
        source, set_spec, build_id, status, from_on,
        case
            when status = 'gap' then until_on
            else least(until_on, response_at::date - 1)
        end as until_on
    from windows
),
sets as (
    select distinct source, set_spec from windows
),
told as (
    -- A window of a wider set covers a narrower one; a gap in either uncovers both.
    select
        sets.source, sets.set_spec, lines.build_id, lines.status,
        unnest(generate_series(lines.from_on, lines.until_on, interval 1 day))::date as day_on
    from sets
    join lines
        on lines.source = sets.source
        and (
            lines.set_spec in ('', sets.set_spec)
            or starts_with(sets.set_spec, lines.set_spec || ':')
            or lines.status = 'gap'
            and (sets.set_spec = '' or starts_with(lines.set_spec, sets.set_spec || ':'))
        )
    where lines.from_on <= lines.until_on
),
last_told as (
    select source, set_spec, day_on, arg_max(status, build_id) as status
    from told
    group by source, set_spec, day_on
),
regular as (
    select source, set_spec, min(day_on) as first_on, max(day_on) as last_on
    from told
    where status = 'done'
    group by source, set_spec
),
calendar as (
    select
        source, set_spec,
        unnest(generate_series(first_on, last_on, interval 1 day))::date as day_on
    from regular
    union
    select source, set_spec, day_on from last_told
),
days as (
    select
        source, set_spec, day_on,
        case status when 'gap' then 'wanting' else if(status is null, 'unread', 'read') end as status
    from calendar
    left join last_told using (source, set_spec, day_on)
),
stretches as (
    select
        *,
        day_on - row_number() over (
            partition by source, set_spec, status order by day_on
        )::integer as stretch
    from days
)
select
    source, set_spec, status,
    min(day_on) as from_on, max(day_on) as until_on, count(*) as days
from stretches
group by source, set_spec, status, stretch
order by source, set_spec, from_on;

comment on view coverage is 'Stretches of days of each set that were read whole, and the gaps between them.';
comment on column coverage.source is 'The address harvested, or the snapshot file.';
comment on column coverage.set_spec is 'The OAI-PMH set, or empty for all of arXiv.';
comment on column coverage.status is
    'read; unread: a gap that no window covers; wanting: a gap that an audit found.';
comment on column coverage.from_on is 'The first day.';
comment on column coverage.until_on is 'The last day.';
comment on column coverage.days is 'How many days that is.';
