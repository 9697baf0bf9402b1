-- +goose Up
--
-- What changed, for those who follow it. A row is thin: ids and names of changed fields, never a
-- value. It is written in the transaction of the change and numbered by a counter of its own in
-- head, without gaps, in the order of commits. Rows that are older than event_ttl are deleted, the
-- oldest first.

ALTER TABLE head ADD COLUMN events bigint NOT NULL DEFAULT 0;

CREATE TABLE event (
    app_id   text   COLLATE "C" NOT NULL,
    seq      bigint NOT NULL, -- from 0, without gaps
    at       bigint NOT NULL,
    type     text   NOT NULL,
    object   text   NOT NULL, -- id of what changed
    customer text   NOT NULL, -- id of the customer that the object hangs on; empty: none
    version  bigint NOT NULL, -- of the application's customers; 0: none of them changed
    fields   text   NOT NULL, -- names, with commas between
    PRIMARY KEY (app_id, seq)
);

ALTER TABLE event ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON event
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

-- What serving needs and nothing more: an event never changes, and goes when it is old.
GRANT SELECT, INSERT, DELETE ON event TO custodex_runtime;
