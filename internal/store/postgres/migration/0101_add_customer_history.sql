-- +goose Up
--
-- What a customer was before each change, under the customer's own key, so that it goes with the
-- key. The times of one customer's rows ascend with the versions.

CREATE TABLE customer_history (
    app_id       text   COLLATE "C" NOT NULL,
    customer_seq bigint NOT NULL,
    at           bigint NOT NULL, -- of the change that ended the state
    version      bigint NOT NULL, -- of that change
    sealed       bytea  NOT NULL,
    PRIMARY KEY (app_id, customer_seq, at)
);

ALTER TABLE customer_history ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON customer_history
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

-- What serving needs and nothing more: a state that has ended never changes.
GRANT SELECT, INSERT, DELETE ON customer_history TO custodex_runtime;
