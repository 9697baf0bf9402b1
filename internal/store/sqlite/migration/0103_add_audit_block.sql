-- +goose Up
--
-- What a list of the audit log need not look at: for each block of 4,096 entries, the times of
-- the oldest and the youngest, and a filter of the customers and credentials in it. sum is the
-- keyed checksum of all of it. A row that is missing or does not match is made again.

CREATE TABLE audit_block (
    app_id   TEXT    NOT NULL REFERENCES application (app_id),
    n        INTEGER NOT NULL, -- the entries n * 4096 to n * 4096 + 4095
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    filter   BLOB    NOT NULL,
    sum      BLOB    NOT NULL CHECK (length(sum) = 32),
    PRIMARY KEY (app_id, n)
) STRICT;
