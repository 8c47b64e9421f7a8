-- What has been imported, so that a second run of an import neither doubles anybody nor brings back who has left since.

CREATE TABLE imported_rows (
    source_hash {bytes} PRIMARY KEY,            -- keyed: of format, id and address at the source, which tells nothing without the master key
    imported_at {integer} NOT NULL
) {strict};
