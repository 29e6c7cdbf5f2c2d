-- Of each line of the snapshot: the paper, and hashes of its canonical text and record.
with papers as (
    select
        *,
        sha256(lower(trim(regexp_replace(title, '\s+', ' ', 'g')))) as title_canon_sha256,
        sha256(lower(trim(regexp_replace(abstract, '\s+', ' ', 'g')))) as abstract_canon_sha256,
        strptime(versions[1].created, '%a, %-d %b %Y %H:%M:%S GMT') as submitted_at,
        string_split(categories, ' ') as listed,
        len(versions) as arxiv_version
    from read_json(
        getvariable('source'),
        format = 'newline_delimited',
        columns = {
            id: 'VARCHAR',
            submitter: 'VARCHAR',
            authors: 'VARCHAR',
            title: 'VARCHAR',
            comments: 'VARCHAR',
            "journal-ref": 'VARCHAR',
            doi: 'VARCHAR',
            "report-no": 'VARCHAR',
            categories: 'VARCHAR',
            license: 'VARCHAR',
            abstract: 'VARCHAR',
            versions: 'STRUCT(version VARCHAR, created VARCHAR)[]',
            update_date: 'VARCHAR'
        }
    )
)
select
    * exclude (listed, versions),
    sha256(
        '{"metadata":{"abstract_canon_sha256":"' || abstract_canon_sha256
        || '","cross_cats_sorted":' || to_json(list_sort(listed[2:]))
        || ',"license":"' || coalesce(license, '') || '","primary_cat":"' || listed[1]
        || '","submitted_at":"' || strftime(submitted_at, '%Y-%m-%dT%H:%M:%SZ')
        || '","title_canon_sha256":"' || title_canon_sha256
        || '"},"schema_version":"1.0","source":{"id":"' || id
        || '","kind":"arxiv","version":' || arxiv_version || '}}'
    ) as canonical_sha256
from papers
