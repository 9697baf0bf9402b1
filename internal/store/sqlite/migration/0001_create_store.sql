-- +goose Up
--
-- Every key begins with app_id. Ids of customers are 16 bytes, times are unix
-- milliseconds, and nothing personal is in clear: sealed, label, reply, detail
-- and personal are ciphertext or free of personal data.
--
-- Tables are clustered on their key (WITHOUT ROWID), so that one application's
-- rows lie together and an index entry ends in the key without a further look-up.

CREATE TABLE application (
    app_id      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    wrapped_key BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (app_id)
) STRICT, WITHOUT ROWID;

-- The counters of an application: one hot row, written once a commit.
CREATE TABLE head (
    app_id    TEXT    NOT NULL REFERENCES application (app_id),
    version   INTEGER NOT NULL, -- of the newest change of a customer
    entries   INTEGER NOT NULL, -- in its audit log
    customers INTEGER NOT NULL, -- that it has
    PRIMARY KEY (app_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    app_id        TEXT    NOT NULL REFERENCES application (app_id),
    credential_id TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    public_key    TEXT    NOT NULL,
    label         BLOB    NOT NULL,
    scopes        TEXT    NOT NULL,
    rate_limit    INTEGER NOT NULL,
    secret        BLOB    NOT NULL,
    old_secret    BLOB,
    old_until     INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    revoked_at    INTEGER NOT NULL,
    last_used_at  INTEGER NOT NULL,
    PRIMARY KEY (app_id, credential_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX credential_public_key ON credential (app_id, public_key);

-- The last number given to a customer of any application. One row; numbers are
-- never used again, not even after the newest customer is gone.
CREATE TABLE customer_seq (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    value    INTEGER NOT NULL
) STRICT;

INSERT INTO customer_seq (only_row, value) VALUES (1, 0);

CREATE TABLE customer (
    app_id      TEXT    NOT NULL REFERENCES application (app_id),
    seq         INTEGER NOT NULL,
    customer_id BLOB    NOT NULL CHECK (length(customer_id) = 16),
    version     INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    type        INTEGER NOT NULL,
    email_hash  BLOB    CHECK (length(email_hash) = 32),
    email_form  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    sealed      BLOB    NOT NULL,
    PRIMARY KEY (app_id, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX customer_id ON customer (app_id, customer_id);
CREATE UNIQUE INDEX customer_email ON customer (app_id, email_hash) WHERE email_hash IS NOT NULL;
CREATE INDEX customer_newest ON customer (app_id, created_at, seq);
CREATE INDEX customer_status ON customer (app_id, status, created_at, seq);
CREATE INDEX customer_change ON customer (app_id, version, seq);

-- For the one question that crosses applications.
CREATE INDEX customer_elsewhere ON customer (customer_id);

-- A customer's wrapped key has a table of its own: erasure and a new application
-- key act here and nowhere else.
CREATE TABLE customer_key (
    app_id      TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    wrapped_key BLOB    NOT NULL,
    PRIMARY KEY (app_id, seq),
    FOREIGN KEY (app_id, seq) REFERENCES customer (app_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    app_id      TEXT    NOT NULL,
    scope       BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    customer_id BLOB    NOT NULL,
    reply       BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (app_id, scope)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_expiry ON idempotency (app_id, expires_at);

CREATE TABLE rate_window (
    app_id        TEXT    NOT NULL,
    credential_id TEXT    NOT NULL,
    minute        INTEGER NOT NULL,
    taken         INTEGER NOT NULL,
    PRIMARY KEY (app_id, credential_id, minute)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    app_id   TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    outcome  INTEGER NOT NULL,
    targets  BLOB,
    detail   BLOB,
    personal BLOB,
    mac      BLOB    NOT NULL,
    PRIMARY KEY (app_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_tree (
    app_id     TEXT    NOT NULL REFERENCES application (app_id),
    size       INTEGER NOT NULL,
    checkpoint BLOB    NOT NULL,
    PRIMARY KEY (app_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_tile (
    app_id TEXT    NOT NULL REFERENCES application (app_id),
    level  INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    hashes BLOB    NOT NULL,
    PRIMARY KEY (app_id, level, n)
) STRICT, WITHOUT ROWID;
