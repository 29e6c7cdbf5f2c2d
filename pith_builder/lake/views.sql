-- What an analyst asks most, over the tables above.

-- Of each paper, the record of its latest version.
-- Ruling: of several records of one version, the one computed last, then the one arXiv changed last,
-- then the greater number.
create or replace view latest_records as
select *
from records
qualify row_number() over (
    partition by arxiv_id
    order by arxiv_version desc, first_computed_at desc, updated_on desc nulls last, pith_number desc
) = 1;

-- Every record of one paper, the latest first: from versions_of('1804.01852').
create or replace macro versions_of(paper) as table
select pith_number, arxiv_id, arxiv_version, version_submitted_at, title, license
from records
where arxiv_id = paper
order by arxiv_version desc, first_computed_at desc, updated_on desc nulls last, pith_number desc;

-- Whether a list of categories holds one: where has_category(categories, 'cs.LG').
create or replace macro has_category(listed, wanted) as list_contains(listed, wanted);

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

-- The record or records a name stands for: from pith_resolve('1804.01852').
-- A name is a Pith Number, its suffix or a short form of 8 to 25 characters, an arXiv identifier
-- with or without version, or a DOI. An arXiv identifier answers with the latest version.
create or replace macro pith_resolve(ref) as table
with named as (
    select distinct pith_number
    from aliases
    where alias_value = pith_name(ref) or alias_value = upper(pith_name(ref))
    union
    select pith_number
    from aliases
    where alias_kind = 'pith_short_8'
      and regexp_full_match(upper(pith_name(ref)), '[A-Z2-7]{8,26}')
      and alias_value = left(upper(pith_name(ref)), 8)
      and starts_with(split_part(pith_number, ':', 3), upper(pith_name(ref)))
)
select r.pith_number, r.arxiv_id, r.arxiv_version, r.title, r.submitted_at
from records r
join named using (pith_number)
where not regexp_full_match(trim(ref), 'pith:[0-9]{4}:.*') or r.pith_number = trim(ref)
qualify rank() over (
    partition by
        case when exists (
            from aliases
            where alias_kind in ('arxiv', 'doi') and alias_value = pith_name(ref)
        ) then r.arxiv_id else r.pith_number end
    order by r.arxiv_version desc, r.first_computed_at desc, r.updated_on desc nulls last, r.pith_number desc
) = 1
order by r.pith_number;

-- Short aliases that stand for several records.
create or replace view collisions as
select alias_kind, alias_value, list(pith_number order by pith_number) as pith_numbers
from aliases
where starts_with(alias_kind, 'pith_short_')
group by alias_kind, alias_value
having count(*) > 1
order by alias_kind, alias_value;

-- Papers by primary category.
create or replace view by_category as
select primary_cat, count(*) as papers, count(*) filter (where is_withdrawn) as withdrawn
from latest_records
group by primary_cat
order by papers desc, primary_cat;

-- Papers by the month of their first version.
create or replace view by_month as
select date_trunc('month', submitted_at) as month, count(*) as papers
from latest_records
group by month
order by month;

-- Why things observed made no record.
create or replace view rejects_by_reason as
select reason, count(*) as rejects, min(message) as example
from rejects
group by reason
order by rejects desc, reason;
