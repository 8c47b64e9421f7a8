-- In which browser a code was asked for, so that what is typed elsewhere uses none of its tries up.

ALTER TABLE one_time_secrets ADD COLUMN bound_to TEXT;      -- the row's id and a keyed hash of the browser's binding; null where any client may try the code
