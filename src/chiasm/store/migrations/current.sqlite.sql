CREATE TABLE "conflict" (
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    study TEXT NOT NULL,
    patients TEXT NOT NULL,
    evidence TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    resolved TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT conflict_kind_subject UNIQUE (kind, subject)
);

CREATE TABLE journal (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    hash BLOB NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (chain, sequence)
);

CREATE TABLE journal_chain (
    chain TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (chain),
    CONSTRAINT journal_chain_number UNIQUE (number)
);

CREATE TABLE outbound (
    id INTEGER NOT NULL,
    destination VARCHAR NOT NULL,
    route VARCHAR NOT NULL,
    state VARCHAR(16) NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due FLOAT NOT NULL,
    lease_owner VARCHAR NOT NULL,
    lease_until FLOAT NOT NULL,
    accepted INTEGER NOT NULL,
    confirmed_by VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    queued_at FLOAT NOT NULL,
    changed_at FLOAT NOT NULL,
    "key" VARCHAR NOT NULL,
    size BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    digest BLOB NOT NULL,
    transfer_syntax VARCHAR(64) NOT NULL,
    sop_class VARCHAR(64) NOT NULL,
    sop_instance VARCHAR(64) NOT NULL,
    series VARCHAR(64) NOT NULL,
    study VARCHAR(64) NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT outbound_once UNIQUE (destination, sop_instance, digest)
);

CREATE INDEX outbound_changed ON outbound (changed_at);

CREATE INDEX outbound_due ON outbound (destination, state, due);

CREATE INDEX outbound_study ON outbound (study, destination);

CREATE TABLE outbound_destination (
    name VARCHAR NOT NULL,
    held INTEGER NOT NULL,
    due FLOAT NOT NULL,
    failures INTEGER NOT NULL,
    message VARCHAR NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE outbound_position (
    chain VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (chain)
);

CREATE TABLE patient (
    id INTEGER NOT NULL,
    identity TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    studies INTEGER DEFAULT '0' NOT NULL,
    series INTEGER DEFAULT '0' NOT NULL,
    instances INTEGER DEFAULT '0' NOT NULL,
    own TEXT NOT NULL,
    keys TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT patient_identity UNIQUE (identity)
);

CREATE INDEX patient_patient_id ON patient (patient_id);

CREATE TABLE patient_key (
    path TEXT NOT NULL,
    "key" TEXT NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (path, "key", entity)
)
 WITHOUT ROWID;

CREATE TABLE position (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (chain)
);

CREATE TABLE series_key (
    path TEXT NOT NULL,
    "key" TEXT NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (path, "key", entity)
)
 WITHOUT ROWID;

CREATE TABLE study_key (
    path TEXT NOT NULL,
    "key" TEXT NOT NULL,
    moment TEXT NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (path, "key", moment, entity)
)
 WITHOUT ROWID;

CREATE TABLE study (
    id INTEGER NOT NULL,
    uid TEXT NOT NULL,
    patient INTEGER NOT NULL,
    main INTEGER NOT NULL,
    moment TEXT NOT NULL,
    accession TEXT NOT NULL,
    series INTEGER DEFAULT '0' NOT NULL,
    instances INTEGER DEFAULT '0' NOT NULL,
    own TEXT NOT NULL,
    members TEXT DEFAULT '' NOT NULL,
    keys TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT study_uid_patient UNIQUE (uid, patient),
    FOREIGN KEY(patient) REFERENCES patient (id)
);

CREATE INDEX study_accession ON study (accession);

CREATE INDEX study_main ON study (main);

CREATE INDEX study_newest ON study (moment, id);

CREATE INDEX study_patient_newest ON study (patient, moment, id);

CREATE TABLE series (
    id INTEGER NOT NULL,
    uid TEXT NOT NULL,
    study INTEGER NOT NULL,
    number BIGINT,
    modality TEXT NOT NULL,
    classes TEXT DEFAULT '' NOT NULL,
    instances INTEGER DEFAULT '0' NOT NULL,
    own TEXT NOT NULL,
    keys TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT series_uid_study UNIQUE (uid, study),
    FOREIGN KEY(study) REFERENCES study (id)
);

CREATE INDEX series_study_number ON series (study, number, id);

CREATE TABLE instance (
    id INTEGER NOT NULL,
    uid TEXT NOT NULL,
    version INTEGER NOT NULL,
    current INTEGER NOT NULL,
    series INTEGER NOT NULL,
    number BIGINT,
    sop_class TEXT NOT NULL,
    transfer_syntax TEXT NOT NULL,
    "key" TEXT NOT NULL,
    size BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    digest BLOB NOT NULL,
    own TEXT NOT NULL,
    keys TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT instance_uid_version UNIQUE (uid, version),
    CONSTRAINT instance_current CHECK (current IN (0, 1)),
    FOREIGN KEY(series) REFERENCES series (id)
);

CREATE INDEX instance_series ON instance (series);
