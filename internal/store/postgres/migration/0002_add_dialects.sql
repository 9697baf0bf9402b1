-- +goose Up
--
-- What the other dialects need: groups of customers, things that hang on one
-- customer, and the deletion of customers. A customer in no group has NULL.

-- Numbers of groups, of all applications, as customer_seq.
CREATE SEQUENCE customer_group_seq AS bigint CACHE 1;

CREATE TABLE customer_group (
    app_id     text   COLLATE "C" NOT NULL,
    seq        bigint NOT NULL DEFAULT nextval('customer_group_seq'),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    sealed     bytea  NOT NULL,
    PRIMARY KEY (app_id, seq)
);

CREATE INDEX customer_group_newest ON customer_group (app_id, created_at, seq);

ALTER TABLE customer ADD COLUMN group_seq bigint CHECK (group_seq > 0);

CREATE INDEX customer_in_group ON customer (app_id, group_seq) WHERE group_seq IS NOT NULL;

CREATE TABLE customer_item (
    app_id       text     COLLATE "C" NOT NULL,
    customer_seq bigint   NOT NULL,
    kind         smallint NOT NULL,
    item_id      uuid     NOT NULL,
    at           bigint   NOT NULL,
    created_at   bigint   NOT NULL,
    sealed       bytea    NOT NULL,
    PRIMARY KEY (app_id, customer_seq, kind, item_id)
);

CREATE INDEX customer_item_newest ON customer_item (app_id, customer_seq, kind, at, item_id);

-- What is left of a deleted customer: its number and when, for those who follow
-- the changes.
CREATE TABLE customer_tombstone (
    app_id  text   COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (app_id, version, seq)
);

ALTER TABLE customer_group ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_tombstone ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON customer_group
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON customer_item
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON customer_tombstone
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

-- What serving needs and nothing more: an item never changes, and what is left of a
-- deleted customer stays.
GRANT USAGE ON SEQUENCE customer_group_seq TO custodex_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON customer_group TO custodex_runtime;
GRANT SELECT, INSERT, DELETE ON customer_item TO custodex_runtime;
GRANT SELECT, INSERT ON customer_tombstone TO custodex_runtime;
GRANT DELETE ON customer, customer_key TO custodex_runtime;
