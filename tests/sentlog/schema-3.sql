BEGIN TRANSACTION;
CREATE TABLE campaign_text (
    realm TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (realm, campaign_id)
) WITHOUT ROWID;
INSERT INTO "campaign_text" VALUES('live','tyre-change','digest-of-the-texts',1795341600123);
CREATE TABLE closed_campaign (
    realm TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    messages INTEGER NOT NULL,
    newest_at INTEGER NOT NULL,
    PRIMARY KEY (realm, campaign_id)
) WITHOUT ROWID;
INSERT INTO "closed_campaign" VALUES('live','winter-2024',1795341600123,'maria',120,1735689600000);
CREATE TABLE consent (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL,
    country TEXT NOT NULL,
    level INTEGER NOT NULL,
    at INTEGER NOT NULL,
    how TEXT NOT NULL,
    purpose TEXT NOT NULL,
    topics TEXT NOT NULL,
    as_written TEXT NOT NULL,
    place TEXT NOT NULL,
    words TEXT NOT NULL,
    language TEXT NOT NULL,
    expires_at INTEGER,
    proof TEXT NOT NULL,
    raw TEXT NOT NULL,
    at_most INTEGER,
    per TEXT NOT NULL,
    source TEXT NOT NULL,
    by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
);
INSERT INTO "consent" VALUES(1,'+12025550102','US',3,1795255200123,'web_form','marketing','["offers"]','','','Text me offers','',NULL,'','',2,'2592000.0','signups.csv:7','maria',1795341600123);
CREATE TABLE erased (
    hash BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    by TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE erasing_key (only INTEGER PRIMARY KEY CHECK (only = 1), fingerprint BLOB NOT NULL);
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    message_key INTEGER,
    message_id TEXT,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    moved INTEGER NOT NULL,
    gateway_ref TEXT,
    code TEXT,
    detail TEXT,
    by TEXT
);
INSERT INTO "event" VALUES(1,1,'old-anna',1795341600123,'submitting',1,NULL,NULL,NULL,NULL);
INSERT INTO "event" VALUES(2,2,'old-ben',1795341600123,'submitting',1,NULL,NULL,NULL,NULL);
INSERT INTO "event" VALUES(3,1,NULL,1795341600123,'accepted',1,NULL,NULL,NULL,NULL);
INSERT INTO "event" VALUES(4,2,NULL,1795341600123,'in_doubt',1,NULL,NULL,NULL,NULL);
INSERT INTO "event" VALUES(5,3,'old-celia',1795341600123,'submitting',1,NULL,NULL,NULL,NULL);
CREATE TABLE kept_message (
    message_key INTEGER PRIMARY KEY REFERENCES message (key) ON DELETE CASCADE,
    request_id TEXT NOT NULL REFERENCES kept_request (id),
    position INTEGER NOT NULL,
    body TEXT NOT NULL,
    encoding TEXT NOT NULL,
    units INTEGER NOT NULL,
    offenders TEXT NOT NULL,
    deadline_us INTEGER NOT NULL
);
INSERT INTO "kept_message" VALUES(2,'old-request',1,'Green Garage: winter tyres.','GSM-7',27,'',1795345200123456);
CREATE TABLE kept_request (
    id TEXT PRIMARY KEY,
    claimed_us INTEGER NOT NULL,
    repeat_until_us INTEGER,
    size INTEGER NOT NULL
);
INSERT INTO "kept_request" VALUES('old-request',1795341600123456,1795428000123456,2);
CREATE TABLE message (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    realm TEXT NOT NULL CHECK (realm IN ('live', 'sandbox', 'test')),
    campaign_id TEXT NOT NULL,
    number TEXT NOT NULL,
    test_id TEXT NOT NULL DEFAULT '',
    country TEXT NOT NULL,
    sender TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES run (key),
    body_digest TEXT NOT NULL,
    segments INTEGER NOT NULL,
    language TEXT NOT NULL,
    evidence TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('submitting', 'accepted', 'rejected', 'released', 'in_doubt',
                                         'delivered', 'undelivered', 'expired')),
    claimed_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    gateway_segments INTEGER,
    gateway_ref TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
, grounds TEXT NOT NULL DEFAULT '');
INSERT INTO "message" VALUES(1,'old-anna','live','tyre-change','+12025550101','','US','+12025550143',1,'b11fb1d63c25613db136fc9f7d29434d',1,'en','list: express on 2026-01-02, contacts.csv:7','accepted',1795341600123,1795341600123,NULL,'','','','US-DC: 08:00-21:00');
INSERT INTO "message" VALUES(2,'old-ben','live','tyre-change','+12025550102','','US','+12025550143',1,'b11fb1d63c25613db136fc9f7d29434d',1,'en','list: express on 2026-01-02, contacts.csv:7','in_doubt',1795341600123,1795341600123,NULL,'','','','');
INSERT INTO "message" VALUES(3,'old-celia','sandbox','tyre-change','+447700900103','','GB','+12025550143',1,'b11fb1d63c25613db136fc9f7d29434d',1,'en','list: express on 2026-01-02, contacts.csv:7','submitting',1795341600123,1795341600123,NULL,'','','','');
CREATE TABLE newest_event (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER);
INSERT INTO "newest_event" VALUES(1,1795341600123);
CREATE TABLE opt_out (
    number TEXT NOT NULL,
    topic TEXT NOT NULL,
    country TEXT NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    by TEXT NOT NULL,
    note TEXT NOT NULL, until INTEGER, sender TEXT NOT NULL DEFAULT '', words TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (number, topic)
) WITHOUT ROWID;
INSERT INTO "opt_out" VALUES('+447700900103','','GB',1795341600123,'reply','','STOP',NULL,'','');
INSERT INTO "opt_out" VALUES('+447700900103','news','GB',1795341600123,'import','maria','',NULL,'','');
INSERT INTO "opt_out" VALUES('+447700900103','offers','GB',1795341600123,'reply','','',1797933600123,'3344','STOP until Christmas');
CREATE TABLE opt_out_event (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    topic TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('added', 'lifted')),
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    by TEXT NOT NULL,
    note TEXT NOT NULL
, until INTEGER, sender TEXT NOT NULL DEFAULT '', words TEXT NOT NULL DEFAULT '');
INSERT INTO "opt_out_event" VALUES(1,'+447700900103','','added',1795341600123,'reply','','STOP',NULL,'','');
INSERT INTO "opt_out_event" VALUES(2,'+447700900103','news','added',1795341600123,'import','maria','',NULL,'','');
INSERT INTO "opt_out_event" VALUES(3,'+12025550102','','added',1795341600123,'hand','maria','',NULL,'','');
INSERT INTO "opt_out_event" VALUES(4,'+12025550102','','lifted',1795345200123,'hand','maria','asked at the counter',NULL,'','');
INSERT INTO "opt_out_event" VALUES(5,'+447700900103','offers','added',1795341600123,'reply','','',1797933600123,'3344','STOP until Christmas');
CREATE TABLE reply (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL,
    country TEXT NOT NULL,
    sender TEXT NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    ref TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('opt_out', 'opt_in', 'help', 'review', 'other')),
    matched TEXT NOT NULL,
    topic TEXT NOT NULL,
    language TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    decided TEXT,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_at INTEGER,
    UNIQUE (number, at, sender, text)
);
INSERT INTO "reply" VALUES(1,'+447700900103','GB','+12025550143',1795341600123,'Thank you','in-1','','other','','','',1795341600123,NULL,'',NULL);
CREATE TABLE run (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    topic TEXT NOT NULL,
    gateway TEXT NOT NULL,
    gateway_digest TEXT NOT NULL, heeded_at INTEGER,
    UNIQUE (id, purpose, topic, gateway, gateway_digest)
);
INSERT INTO "run" VALUES(1,'run-1','marketing','service-reminders','generic-json','digest-of-the-gateway',1795341600123);
CREATE TABLE run_record (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    realm TEXT NOT NULL CHECK (realm IN ('live', 'sandbox', 'test')),
    campaign_id TEXT NOT NULL,
    gateway TEXT NOT NULL,
    by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    exit_code INTEGER,
    counts TEXT NOT NULL,
    held_until INTEGER,
    stopped TEXT NOT NULL
);
INSERT INTO "run_record" VALUES(1,'run-1','live','tyre-change','generic-json','maria',1795341600123,1795341660123,3,'{"accepted": 1, "held": 1, "in_doubt": 1, "rows": 3}',1795428000123,'');
CREATE TABLE schema_migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL
);
INSERT INTO "schema_migration" VALUES(1,'messages, events, opt-outs and texts',1795350650000);
INSERT INTO "schema_migration" VALUES(2,'records of runs',1795350650000);
INSERT INTO "schema_migration" VALUES(3,'consent, replies, opt-outs for a time, the erased',1795361433000);
CREATE UNIQUE INDEX claim_key ON message (realm, campaign_id, number, test_id);
CREATE INDEX by_number ON message (number, claimed_at);
CREATE UNIQUE INDEX in_flight ON message (id) WHERE state IN ('submitting', 'in_doubt');
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE INDEX kept_by_request ON kept_message (request_id);
CREATE TRIGGER opt_out_event_is_never_changed BEFORE UPDATE ON opt_out_event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER opt_out_event_is_never_deleted BEFORE DELETE ON opt_out_event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE INDEX run_record_by_campaign ON run_record (realm, campaign_id);
CREATE INDEX opt_out_event_by_number ON opt_out_event (number);
CREATE UNIQUE INDEX consent_by_number ON consent (number, at, level, purpose, topics, how, place,
                                                  coalesce(expires_at, -1), coalesce(at_most, 0), per);
CREATE TRIGGER consent_is_never_changed BEFORE UPDATE ON consent
    BEGIN SELECT RAISE (ABORT, 'consent records are append-only'); END;
CREATE TRIGGER consent_is_never_deleted BEFORE DELETE ON consent
    BEGIN SELECT RAISE (ABORT, 'consent records are append-only'); END;
CREATE INDEX reply_to_review ON reply (number) WHERE kind = 'review' AND decided IS NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('message',3);
INSERT INTO "sqlite_sequence" VALUES('consent',1);
INSERT INTO "sqlite_sequence" VALUES('reply',1);
COMMIT;
