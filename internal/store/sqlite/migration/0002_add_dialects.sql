-- +goose Up
--
-- What the other dialects need: groups of customers, things that hang on one
-- customer, and the deletion of customers. A customer in no group has NULL.

-- The last number given to a group of any application. One row, as customer_seq.
CREATE TABLE customer_group_seq (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    value    INTEGER NOT NULL
) STRICT;

INSERT INTO customer_group_seq (only_row, value) VALUES (1, 0);

CREATE TABLE customer_group (
    app_id     TEXT    NOT NULL REFERENCES application (app_id),
    seq        INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    PRIMARY KEY (app_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX customer_group_newest ON customer_group (app_id, created_at, seq);

ALTER TABLE customer ADD COLUMN group_seq INTEGER CHECK (group_seq > 0);

CREATE INDEX customer_in_group ON customer (app_id, group_seq) WHERE group_seq IS NOT NULL;

CREATE TABLE customer_item (
    app_id       TEXT    NOT NULL,
    customer_seq INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    item_id      BLOB    NOT NULL CHECK (length(item_id) = 16),
    at           INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    sealed       BLOB    NOT NULL,
    PRIMARY KEY (app_id, customer_seq, kind, item_id),
    FOREIGN KEY (app_id, customer_seq) REFERENCES customer (app_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX customer_item_newest ON customer_item (app_id, customer_seq, kind, at, item_id);

-- What is left of a deleted customer: its number and when, for those who follow
-- the changes.
CREATE TABLE customer_tombstone (
    app_id  TEXT    NOT NULL REFERENCES application (app_id),
    version INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (app_id, version, seq)
) STRICT, WITHOUT ROWID;
