-- Papers: the latest record of each, all records of one, and how many there are of a kind.

-- Ruling: of several records of one version, the one computed last, then the one arXiv changed last,
-- then the greater number.
create or replace view latest_records as
select *
from records
qualify row_number() over (
    partition by arxiv_id
    order by arxiv_version desc, first_computed_at desc, updated_on desc nulls last, pith_number desc
) = 1;

comment on view latest_records is 'Of each paper, the record of its latest version.';

create or replace macro versions_of(paper) as table
select pith_number, arxiv_id, arxiv_version, version_submitted_at, title, license
from records
where arxiv_id = paper
order by arxiv_version desc, first_computed_at desc, updated_on desc nulls last, pith_number desc;

comment on macro table versions_of is 'Every record of one paper, the latest first.';

create or replace macro has_category(categories, name) as list_contains(categories, name);

comment on macro has_category is
    'Whether a list of categories holds one: where has_category(categories, ''cs.LG'').';

create or replace view by_category as
select primary_cat, count(*) as papers, count(*) filter (where is_withdrawn) as withdrawn
from latest_records
group by primary_cat
order by papers desc, primary_cat;

comment on view by_category is 'Papers by primary category, the largest first.';
comment on column by_category.primary_cat is 'The first category.';
comment on column by_category.papers is 'Papers of which it is that.';
comment on column by_category.withdrawn is 'Those of them whose latest version is withdrawn.';

create or replace view by_month as
select date_trunc('month', submitted_at) as month, count(*) as papers
from latest_records
group by month
order by month;

comment on view by_month is 'Papers by the month of their first version.';
comment on column by_month.month is 'The first instant of the month, UTC.';
comment on column by_month.papers is 'Papers whose version 1 was submitted in it.';

-- An archive is what stands before the point: cs of cs.LG, hep-th of hep-th.
create or replace view by_year as
select
    year(submitted_at) as year,
    split_part(primary_cat, '.', 1) as archive,
    count(*) as papers,
    count(*) filter (where is_withdrawn) as withdrawn
from latest_records
group by year, archive
order by year, papers desc, archive;

comment on view by_year is 'Papers by the year of their first version and their archive.';
comment on column by_year.year is 'The year, UTC.';
comment on column by_year.archive is 'The archive of the first category: cs of cs.LG.';
comment on column by_year.papers is 'Papers whose version 1 was submitted in it.';
comment on column by_year.withdrawn is 'Those of them whose latest version is withdrawn.';

create or replace view by_version as
select arxiv_version, count(*) as papers
from latest_records
group by arxiv_version
order by arxiv_version;

comment on view by_version is 'Papers by the number of their latest version.';
comment on column by_version.arxiv_version is 'The latest version, from 1.';
comment on column by_version.papers is 'Papers that have so many versions.';

create or replace view by_license as
select license, count(*) as papers
from latest_records
group by license
order by papers desc, license;

comment on view by_license is 'Papers by licence, the most used first.';
comment on column by_license.license is 'The licence''s address; empty where arXiv has none.';
comment on column by_license.papers is 'Papers whose latest version has it.';
