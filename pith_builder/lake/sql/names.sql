-- Names: what a paper is called, and what a name stands for.

-- A name as aliases hold it: without address, scheme, DOI prefix, subject class or page's tail.
create or replace macro pith_name(ref) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    trim(ref),
                    '^(doi:|(https?://)?(dx\.)?doi\.org/)?10\.48550/arxiv\.|^(arxiv:|oai:arxiv\.org:)\s*|^(https?://)?(www\.|export\.)?arxiv\.org/(abs|pdf|html|format|ps|src|e-print)/|^pith:([0-9]{4}:)?',
                    '',
                    'i'
                ),
                '[?#].*$',
                ''
            ),
            '(\.pdf)?/?$',
            ''
        ),
        '^([a-z-]+)\.[A-Za-z-]+/',
        '\1/'
    );

comment on macro pith_name is
    'A name as aliases hold it: without address, scheme, DOI prefix, subject class or page''s tail.';

-- The record or records a name stands for: from pith_resolve('1804.01852').
-- A name is a Pith Number, its suffix or a short form of 8 to 25 characters, an arXiv identifier
-- with or without version, or a DOI. An arXiv identifier answers with the latest version.
create or replace macro pith_resolve(ref) as table
with named as (
    select pith_number, bool_or(alias_kind in ('arxiv', 'doi')) as is_paper
    from aliases
    where alias_value in (pith_name(ref), upper(pith_name(ref)))
       or (
           alias_value = left(upper(pith_name(ref)), 8)
           and alias_kind = 'pith_short_8'
           and regexp_full_match(upper(pith_name(ref)), '[A-Z2-7]{8,26}')
           and starts_with(split_part(pith_number, ':', 3), upper(pith_name(ref)))
       )
    group by pith_number
    -- No name stands for so many; told so, DuckDB looks for these few among the records.
    limit 10_000
)
select r.pith_number, r.arxiv_id, r.arxiv_version, r.title, r.submitted_at
from records r
join named using (pith_number)
where not regexp_full_match(trim(ref), 'pith:[0-9]{4}:.*') or r.pith_number = trim(ref)
qualify rank() over (
    partition by case when is_paper then r.arxiv_id else r.pith_number end
    order by r.arxiv_version desc, r.first_computed_at desc, r.updated_on desc nulls last, r.pith_number desc
) = 1
order by r.pith_number;

comment on macro table pith_resolve is
    'The record or records a name stands for: a Pith Number, its suffix or a short form, an arXiv identifier, a DOI.';

-- Short aliases that stand for several records.
create or replace view collisions as
select alias_kind, alias_value, list(pith_number order by pith_number) as pith_numbers
from aliases
where starts_with(alias_kind, 'pith_short_')
group by alias_kind, alias_value
having count(*) > 1
order by alias_kind, alias_value;

comment on view collisions is 'Short forms of Pith Numbers that stand for several records.';
comment on column collisions.alias_kind is 'How long the form is: pith_short_8, 12 or 16.';
comment on column collisions.alias_value is 'The form.';
comment on column collisions.pith_numbers is 'The records it stands for.';
