-- +goose Up
--
-- Numbers of customers and groups come from the application's own counters: no application can
-- read the volume of another from the numbers that it is given, and each machine of a spread
-- database can give them out.
--
-- Numbers that were given stay. Deleted customers have left theirs behind, so the counter of an
-- application begins at its greatest. Deleted groups have not: their counter begins where that of
-- all applications ended, because a number must never mean another group.

ALTER TABLE head ADD COLUMN last_customer bigint NOT NULL DEFAULT 0; -- greatest number given
ALTER TABLE head ADD COLUMN last_group bigint NOT NULL DEFAULT 0;

UPDATE head
SET
    last_customer = greatest(
        (SELECT max(seq) FROM customer WHERE customer.app_id = head.app_id),
        (SELECT max(seq) FROM customer_tombstone WHERE customer_tombstone.app_id = head.app_id),
        (SELECT max(customer_seq) FROM customer_item WHERE customer_item.app_id = head.app_id),
        0
    ),
    last_group = (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM customer_group_seq);

ALTER TABLE customer ALTER COLUMN seq DROP DEFAULT;
ALTER TABLE customer_group ALTER COLUMN seq DROP DEFAULT;
DROP SEQUENCE customer_seq;
DROP SEQUENCE customer_group_seq;
