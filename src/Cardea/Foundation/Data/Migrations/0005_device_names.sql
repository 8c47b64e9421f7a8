-- What the pages of the second step show: which device is trusted, and whose an unfinished enrolment is.

ALTER TABLE devices ADD COLUMN user_agent TEXT;             -- what it last said it was; null for those from before
ALTER TABLE totp_secrets ADD COLUMN begun_by TEXT;          -- the session or waiting sign-in that began it: nobody else is shown it or confirms it
