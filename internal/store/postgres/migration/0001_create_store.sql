-- +goose Up
--
-- Every key begins with app_id, so that the tables can be spread over machines by
-- it. Times are unix milliseconds, and nothing personal is in clear: sealed, label,
-- reply, detail and personal are ciphertext or free of personal data.
--
-- Only head refers to application: a foreign key costs a look-up and a row lock for
-- every row, and each write of an application goes through its head anyway.
--
-- Names are compared as bytes (COLLATE "C"). Under row-level security an index
-- serves only leak-proof operators; those of text, bytea, uuid and bigint used here
-- are.

-- The role that serves requests. Roles belong to the whole server: another database
-- may have made it already, or be making it at this moment.
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'custodex_runtime') THEN
        BEGIN
            CREATE ROLE custodex_runtime NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'this user may not create roles; let an administrator run: CREATE ROLE custodex_runtime NOLOGIN; GRANT custodex_runtime TO %', quote_ident(current_user);
        END;
    END IF;
    -- Whoever migrates may usually serve too. If it cannot be granted, Open says so.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        BEGIN
            EXECUTE format('GRANT custodex_runtime TO %I', current_user);
        EXCEPTION
            WHEN insufficient_privilege OR unique_violation OR internal_error THEN NULL;
        END;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO custodex_runtime', current_schema());
END
$$;
-- +goose StatementEnd

CREATE TABLE application (
    app_id      text   COLLATE "C" NOT NULL CHECK (app_id <> ''),
    name        text   NOT NULL,
    wrapped_key bytea  NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (app_id)
);

-- The counters of an application: one hot row, locked and written once a commit, so
-- its pages are kept nearly empty for updates in place.
CREATE TABLE head (
    app_id    text     COLLATE "C" NOT NULL REFERENCES application (app_id),
    version   bigint   NOT NULL, -- of the newest change of a customer
    entries   bigint   NOT NULL, -- in its audit log
    customers bigint   NOT NULL, -- that it has
    recent    bigint[] NOT NULL CHECK (cardinality(recent) % 2 = 0), -- writers and marks in turn
    PRIMARY KEY (app_id)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE credential (
    app_id        text   COLLATE "C" NOT NULL,
    credential_id text   COLLATE "C" NOT NULL,
    kind          text   NOT NULL,
    public_key    text   COLLATE "C" NOT NULL,
    label         bytea  NOT NULL,
    scopes        text   NOT NULL,
    rate_limit    bigint NOT NULL,
    secret        bytea  NOT NULL,
    old_secret    bytea,
    old_until     bigint NOT NULL,
    created_at    bigint NOT NULL,
    expires_at    bigint NOT NULL,
    revoked_at    bigint NOT NULL,
    last_used_at  bigint NOT NULL,
    PRIMARY KEY (app_id, credential_id)
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX credential_public_key ON credential (app_id, public_key);

-- Numbers of customers, of all applications. Without a cache: two connections that
-- each held a stock of numbers would hand them out in the wrong order.
CREATE SEQUENCE customer_seq AS bigint CACHE 1;

CREATE TABLE customer (
    app_id      text     COLLATE "C" NOT NULL,
    seq         bigint   NOT NULL DEFAULT nextval('customer_seq'),
    customer_id uuid     NOT NULL,
    version     bigint   NOT NULL,
    status      smallint NOT NULL,
    type        smallint NOT NULL,
    email_hash  bytea    CHECK (length(email_hash) = 32),
    email_form  smallint NOT NULL,
    created_at  bigint   NOT NULL,
    updated_at  bigint   NOT NULL,
    sealed      bytea    NOT NULL,
    PRIMARY KEY (app_id, seq)
);

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
    app_id      text   COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    wrapped_key bytea  NOT NULL,
    PRIMARY KEY (app_id, seq)
);

CREATE TABLE idempotency (
    app_id      text   COLLATE "C" NOT NULL,
    scope       bytea  NOT NULL,
    fingerprint bytea  NOT NULL,
    customer_id uuid   NOT NULL,
    reply       bytea  NOT NULL,
    expires_at  bigint NOT NULL,
    PRIMARY KEY (app_id, scope)
);

CREATE INDEX idempotency_expiry ON idempotency (app_id, expires_at);

CREATE TABLE rate_window (
    app_id        text   COLLATE "C" NOT NULL,
    credential_id text   COLLATE "C" NOT NULL,
    minute        bigint NOT NULL,
    taken         bigint NOT NULL,
    granted       bigint NOT NULL, -- by the last taking: an upsert can return new values only
    PRIMARY KEY (app_id, credential_id, minute)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE audit (
    app_id   text     COLLATE "C" NOT NULL,
    seq      bigint   NOT NULL,
    at       bigint   NOT NULL,
    actor    text     NOT NULL,
    action   text     NOT NULL,
    outcome  smallint NOT NULL,
    targets  bytea,
    detail   bytea,
    personal bytea,
    mac      bytea    NOT NULL,
    PRIMARY KEY (app_id, seq)
);

CREATE TABLE audit_tree (
    app_id     text   COLLATE "C" NOT NULL,
    size       bigint NOT NULL,
    checkpoint bytea  NOT NULL,
    PRIMARY KEY (app_id)
) WITH (fillfactor = 50);

CREATE TABLE audit_tile (
    app_id text    COLLATE "C" NOT NULL,
    level  integer NOT NULL,
    n      bigint  NOT NULL,
    hashes bytea   NOT NULL,
    PRIMARY KEY (app_id, level, n)
);

-- The one question that crosses applications, with the rights of the owner, whom the
-- policies below do not bind. It says yes or no, and its body names the table once
-- and for all: no search_path changes what it reads.
CREATE FUNCTION custodex_customer_elsewhere(text, uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM customer WHERE customer_id = $2 AND app_id <> $1);

REVOKE ALL ON FUNCTION custodex_customer_elsewhere(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION custodex_customer_elsewhere(text, uuid) TO custodex_runtime;

-- The second net under the application's predicate in every statement. Rows are
-- visible, and may be written, only for the application that the transaction has
-- named; without one there are none. application itself holds no personal data.
ALTER TABLE head ENABLE ROW LEVEL SECURITY;
ALTER TABLE credential ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE rate_window ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_tree ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_tile ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_application ON head
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON credential
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON customer
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON customer_key
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON idempotency
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON rate_window
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON audit
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON audit_tree
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));
CREATE POLICY own_application ON audit_tile
    USING (app_id = current_setting('custodex.app', true))
    WITH CHECK (app_id = current_setting('custodex.app', true));

-- What serving needs and nothing more: no entry of the log can be changed or removed.
GRANT SELECT ON schema_version TO custodex_runtime;
GRANT USAGE ON SEQUENCE customer_seq TO custodex_runtime;
GRANT SELECT, INSERT ON application, customer_key, audit TO custodex_runtime;
GRANT SELECT, INSERT, UPDATE ON head, credential, customer, audit_tree, audit_tile
    TO custodex_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency, rate_window TO custodex_runtime;
