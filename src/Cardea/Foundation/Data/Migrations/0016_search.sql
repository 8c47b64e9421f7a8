-- An index for the search that answers as soon among a million accounts as among a thousand: of longer parts, of which few accounts have the same. Of parts
-- of three letters the lists were long.

{sqlite}
DROP TRIGGER account_search_added;
DROP TRIGGER account_search_changed;
DROP TRIGGER account_search_removed;
DROP TABLE account_search;
DROP TABLE account_search_rows;

-- Holds no text, but every part of five letters, a line each; what begins with three letters is found as fast as five. Whatever is not the end of a line is a letter.
CREATE VIRTUAL TABLE account_search USING fts5 (
    parts, content = '', detail = 'none', prefix = '3', tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Z* Cf Cn Co Cs'");
-- Rows of the index in the order of the ids, so that the newest are read first: its first 44 bits (16 ms each), and then 4,096 numbers for whom they have
-- in common. Who finds no place there, or has an id of another make, is a stray below 0.
CREATE TABLE account_search_rows (
    search_row INTEGER PRIMARY KEY,             -- of account_search
    account TEXT NOT NULL UNIQUE                -- its id
) STRICT;
CREATE TABLE account_search_places (place INTEGER PRIMARY KEY) STRICT; -- of a letter; there are no loops in triggers
WITH RECURSIVE counted (place) AS (SELECT 1 UNION ALL SELECT place + 1 FROM counted WHERE place < 1024)
INSERT INTO account_search_places (place) SELECT place FROM counted;

CREATE VIEW account_search_entries AS
SELECT id,
    CASE WHEN substr(id, 1, 11) GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]' THEN
        ((instr('0123456789abcdef', substr(id, 1, 1)) - 1) << 52) + ((instr('0123456789abcdef', substr(id, 2, 1)) - 1) << 48) + ((instr('0123456789abcdef', substr(id, 3, 1)) - 1) << 44) +
        ((instr('0123456789abcdef', substr(id, 4, 1)) - 1) << 40) + ((instr('0123456789abcdef', substr(id, 5, 1)) - 1) << 36) + ((instr('0123456789abcdef', substr(id, 6, 1)) - 1) << 32) +
        ((instr('0123456789abcdef', substr(id, 7, 1)) - 1) << 28) + ((instr('0123456789abcdef', substr(id, 8, 1)) - 1) << 24) + ((instr('0123456789abcdef', substr(id, 9, 1)) - 1) << 20) +
        ((instr('0123456789abcdef', substr(id, 10, 1)) - 1) << 16) + ((instr('0123456789abcdef', substr(id, 11, 1)) - 1) << 12)
    END AS first_row,
    (SELECT group_concat(substr(padded, place, 5), char(10)) FROM (SELECT words || '    ' AS padded) CROSS JOIN account_search_places WHERE place <= length(padded) - 4) AS parts -- put together once
FROM (SELECT id, lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || id) AS words FROM accounts);

-- Triggers keep it, so that no way to change an account can forget it.
CREATE TRIGGER account_search_added AFTER INSERT ON accounts BEGIN
    INSERT INTO account_search_rows (search_row, account)
    SELECT
        coalesce(
            (SELECT next FROM (SELECT coalesce(max(search_row) + 1, first_row) AS next FROM account_search_rows WHERE search_row BETWEEN first_row AND first_row + 4095) WHERE next <= first_row + 4095),
            (SELECT min(coalesce(min(search_row), 0), 0) - 1 FROM account_search_rows)),
        id
    FROM account_search_entries WHERE id = new.id;
    INSERT INTO account_search (rowid, parts) SELECT search_row, parts FROM account_search_entries JOIN account_search_rows ON account = id WHERE id = new.id;
END;
-- What was put in must be said again to take it out.
CREATE TRIGGER account_search_changing BEFORE UPDATE OF id, email, username, given_name, family_name ON accounts BEGIN
    INSERT INTO account_search (account_search, rowid, parts)
    SELECT 'delete', search_row, parts FROM account_search_entries JOIN account_search_rows ON account = id WHERE id = old.id;
END;
CREATE TRIGGER account_search_changed AFTER UPDATE OF id, email, username, given_name, family_name ON accounts BEGIN
    UPDATE account_search_rows SET account = new.id WHERE account = old.id AND new.id <> old.id;
    INSERT INTO account_search (rowid, parts) SELECT search_row, parts FROM account_search_entries JOIN account_search_rows ON account = id WHERE id = new.id;
END;
CREATE TRIGGER account_search_removed BEFORE DELETE ON accounts BEGIN
    INSERT INTO account_search (account_search, rowid, parts)
    SELECT 'delete', search_row, parts FROM account_search_entries JOIN account_search_rows ON account = id WHERE id = old.id;
    DELETE FROM account_search_rows WHERE account = old.id;
END;

INSERT INTO account_search_rows (search_row, account)
SELECT CASE WHEN first_row IS NOT NULL AND at < 4096 THEN first_row + at ELSE -1 - any_at END, id
FROM (SELECT id, first_row, row_number() OVER (PARTITION BY first_row ORDER BY id) - 1 AS at, row_number() OVER (ORDER BY id) AS any_at FROM account_search_entries);
INSERT INTO account_search (account_search, rank) VALUES ('hashsize', 67108864); -- many at once, in few pieces
INSERT INTO account_search (rowid, parts) SELECT search_row, parts FROM account_search_rows CROSS JOIN account_search_entries WHERE id = account ORDER BY search_row;
INSERT INTO account_search (account_search, rank) VALUES ('hashsize', 1048576);
{end}
{postgres}
-- The index of parts of three stays for texts that are no longer. Of every second part of four letters any five hold one; as numbers they are smaller, and
-- two parts that have the same are told apart by reading the words. What the function costs keeps the planner from reading all accounts, and what it may
-- not do from starting several processes for one of them.
CREATE FUNCTION account_search_parts(words TEXT, step INTEGER) RETURNS INTEGER[] LANGUAGE sql IMMUTABLE STRICT PARALLEL UNSAFE COST 1000
AS $parts$ SELECT ARRAY(SELECT hashtext(substr(words, place, 4)) FROM generate_series(1, length(words) - 3, step) place) $parts$;
-- What was added last waits in a list that each search reads: a short one.
CREATE INDEX accounts_by_parts ON accounts USING gin (account_search_parts(search_words, 2)) WITH (gin_pending_list_limit = 256);
{end}
