-- +goose Up
--
-- What a list of the audit log need not look at: for each block of 4,096 entries, the times of
-- the oldest and the youngest, and a filter of the customers and credentials in it. sum is the
-- keyed checksum of all of it. A row that is missing or does not match is made again.

CREATE TABLE audit_block (
    app_id   text   COLLATE "C" NOT NULL,
    n        bigint NOT NULL, -- the entries n * 4096 to n * 4096 + 4095
    first_at bigint NOT NULL,
    last_at  bigint NOT NULL,
    filter   bytea  NOT NULL,
    sum      bytea  NOT NULL CHECK (length(sum) = 32),
    PRIMARY KEY (app_id, n)
);

ALTER TABLE audit_block ALTER COLUMN filter SET STORAGE EXTERNAL; -- it does not compress

ALTER TABLE audit_block ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON audit_block
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

GRANT SELECT, INSERT, UPDATE ON audit_block TO custodex_runtime;
