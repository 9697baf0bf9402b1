-- +goose Up
--
-- What a customer was before each change, under the customer's own key, so that it goes with the
-- key. The times of one customer's rows ascend with the versions.

CREATE TABLE customer_history (
    app_id       TEXT    NOT NULL,
    customer_seq INTEGER NOT NULL,
    at           INTEGER NOT NULL, -- of the change that ended the state
    version      INTEGER NOT NULL, -- of that change
    sealed       BLOB    NOT NULL,
    PRIMARY KEY (app_id, customer_seq, at),
    FOREIGN KEY (app_id, customer_seq) REFERENCES customer (app_id, seq)
) STRICT, WITHOUT ROWID;
