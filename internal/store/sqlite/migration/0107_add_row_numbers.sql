-- +goose Up
--
-- Numbers of customers and groups come from the application's own counters: no application can
-- read the volume of another from the numbers that it is given.
--
-- Numbers that were given stay. Deleted customers have left theirs behind, so the counter of an
-- application begins at its greatest. Deleted groups have not: their counter begins where that of
-- all applications ended, because a number must never mean another group.

ALTER TABLE head ADD COLUMN last_customer INTEGER NOT NULL DEFAULT 0; -- greatest number given
ALTER TABLE head ADD COLUMN last_group INTEGER NOT NULL DEFAULT 0;

UPDATE head
SET
    last_customer = max(
        COALESCE((SELECT max(seq) FROM customer WHERE customer.app_id = head.app_id), 0),
        COALESCE((SELECT max(seq) FROM customer_tombstone WHERE customer_tombstone.app_id = head.app_id), 0),
        COALESCE((SELECT max(customer_seq) FROM customer_item WHERE customer_item.app_id = head.app_id), 0)
    ),
    last_group = (SELECT value FROM customer_group_seq);

DROP TABLE customer_seq;
DROP TABLE customer_group_seq;
