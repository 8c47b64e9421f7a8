-- Proofs of work that have been accepted once. Those that are still being worked on are kept by whoever asked for them, under a MAC.
CREATE TABLE used_challenges (
    challenge_hash {bytes} PRIMARY KEY,
    expires_at {integer} NOT NULL
) {strict};

CREATE INDEX used_challenges_by_expiry ON used_challenges (expires_at);
