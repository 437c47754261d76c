"""The tables, and how the database of an older sandbox gets them."""

from __future__ import annotations

import sqlite3

VERSION = 3

CLIPS = """
CREATE TABLE IF NOT EXISTS clips (
    uuid TEXT PRIMARY KEY, jobid TEXT NOT NULL REFERENCES jobs, take INTEGER NOT NULL, title TEXT,
    lyrics TEXT, duration_s REAL, timing TEXT, source TEXT, seed INTEGER, part TEXT, score TEXT);
CREATE INDEX IF NOT EXISTS clips_jobid ON clips (jobid, take);
CREATE INDEX IF NOT EXISTS clips_parts ON clips (source) WHERE part IS NOT NULL;
"""
FIRST = """
CREATE TABLE IF NOT EXISTS tenants (tenant TEXT PRIMARY KEY, seeded REAL NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    tenant TEXT NOT NULL, email TEXT NOT NULL, tier TEXT NOT NULL, max_jobs INTEGER NOT NULL,
    credits INTEGER NOT NULL, error TEXT, user_id TEXT NOT NULL, session_id TEXT NOT NULL, added REAL NOT NULL,
    PRIMARY KEY (tenant, email));
CREATE TABLE IF NOT EXISTS jobs (
    jobid TEXT PRIMARY KEY, tenant TEXT NOT NULL, number TEXT NOT NULL, email TEXT NOT NULL, mode TEXT NOT NULL,
    base TEXT NOT NULL, request TEXT NOT NULL, reference TEXT NOT NULL, called TEXT NOT NULL,
    charged INTEGER NOT NULL, created REAL NOT NULL, done_at REAL NOT NULL, cancelled_at REAL,
    operation TEXT NOT NULL DEFAULT 'song', conversation TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS jobs_running ON jobs (tenant, done_at);
CREATE INDEX IF NOT EXISTS jobs_newest ON jobs (tenant, email, done_at, created);
CREATE TABLE IF NOT EXISTS assets (
    uuid TEXT PRIMARY KEY, tenant TEXT NOT NULL, email TEXT NOT NULL, suffix TEXT NOT NULL, prompt TEXT);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, email TEXT NOT NULL, kind TEXT NOT NULL, tokens INTEGER NOT NULL,
    conversation TEXT, title TEXT, at REAL NOT NULL, operation TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_account ON events (tenant, email);
CREATE INDEX IF NOT EXISTS events_conversation ON events (conversation);
CREATE TABLE IF NOT EXISTS hooks (
    id INTEGER PRIMARY KEY, jobid TEXT NOT NULL, url TEXT NOT NULL, due_at REAL NOT NULL, sent_at REAL,
    result TEXT);
CREATE INDEX IF NOT EXISTS hooks_due ON hooks (due_at) WHERE sent_at IS NULL;
CREATE TABLE IF NOT EXISTS scheduled (
    id INTEGER PRIMARY KEY, operation TEXT NOT NULL, scenario TEXT NOT NULL, number TEXT, remaining INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, number TEXT, caller TEXT, route TEXT NOT NULL, status INTEGER);
CREATE TABLE IF NOT EXISTS secret (value TEXT NOT NULL);
"""
# From the first version, which knew songs alone: a clip's title, words and length may be missing now.
TAKE_ALONG = """
ALTER TABLE jobs ADD COLUMN operation TEXT NOT NULL DEFAULT 'song';
ALTER TABLE jobs ADD COLUMN conversation TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS clips_jobid;
ALTER TABLE clips RENAME TO clips_before;
"""
FILL = """
INSERT INTO clips (uuid, jobid, take, title, lyrics, duration_s, timing)
    SELECT uuid, jobid, take, title, lyrics, duration_s, timing FROM clips_before;
DROP TABLE clips_before;
INSERT INTO events (tenant, email, kind, tokens, conversation, title, at, operation)
    SELECT tenant, email, 'producer-usage', charged * 12, jobid,
        (SELECT title FROM clips WHERE clips.jobid = jobs.jobid ORDER BY take), created, 'song'
    FROM jobs WHERE charged > 0;
"""
SONGS_ALONE = 2  # before that version
# The log is for tests and for a week: an older one, which doesn't tell tokens apart, is dropped.
NEW_LOG = "DROP TABLE IF EXISTS requests;"
FORGETTING = (
    "DELETE FROM tenants",
    "DELETE FROM accounts",
    "DELETE FROM clips",
    "DELETE FROM jobs",
    "DELETE FROM assets",
    "DELETE FROM events",
    "DELETE FROM hooks",
    "DELETE FROM scheduled",
    "DELETE FROM requests",
)


def prepare(database: sqlite3.Connection) -> None:
    """Makes what is missing, all or nothing."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    older = (
        version < SONGS_ALONE
        and database.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchone()
    )
    scripts = (TAKE_ALONG, FIRST, CLIPS, FILL) if older else (FIRST, CLIPS)
    if version < VERSION:
        scripts = (NEW_LOG, *scripts)
    database.executescript(f"BEGIN;{''.join(scripts)}PRAGMA user_version = {VERSION};COMMIT;")
