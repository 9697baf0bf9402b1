-- +goose Up
--
-- What changed, for those who follow it. A row is thin: ids and names of changed fields, never a
-- value. It is written in the transaction of the change and numbered by a counter of its own in
-- head, without gaps, in the order of commits. Rows that are older than event_ttl are deleted, the
-- oldest first.

ALTER TABLE head ADD COLUMN events INTEGER NOT NULL DEFAULT 0;

CREATE TABLE event (
    app_id   TEXT    NOT NULL REFERENCES application (app_id),
    seq      INTEGER NOT NULL, -- from 0, without gaps
    at       INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    object   TEXT    NOT NULL, -- id of what changed
    customer TEXT    NOT NULL, -- id of the customer that the object hangs on; empty: none
    version  INTEGER NOT NULL, -- of the application's customers; 0: none of them changed
    fields   TEXT    NOT NULL, -- names, with commas between
    PRIMARY KEY (app_id, seq)
) STRICT, WITHOUT ROWID;
