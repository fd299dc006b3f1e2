extension StoreSchema {
    /// People, and what they may do; version 2.
    static let accounts: [Definition] = [
        "ALTER TABLE partner ADD COLUMN closed_at BIGINT",
        "ALTER TABLE client ADD COLUMN removed_at BIGINT",
        "ALTER TABLE client ADD COLUMN closing_at BIGINT",
        "ALTER TABLE client ADD COLUMN closing_reason TEXT",
        "CREATE INDEX client_closing ON client (closing_at) WHERE closing_at IS NOT NULL",
        "ALTER TABLE client ADD COLUMN closed_at BIGINT",
        "ALTER TABLE client_system ADD COLUMN name TEXT",
        "ALTER TABLE client_system ADD COLUMN deleted_at BIGINT",
        """
        CREATE TABLE person (
            id TEXT PRIMARY KEY,
            address TEXT UNIQUE,
            first_name TEXT,
            last_name TEXT,
            language TEXT NOT NULL,
            password TEXT,
            disabled_at BIGINT,
            erased_at BIGINT,
            created_at BIGINT NOT NULL,
            CHECK ((address IS NULL) = (erased_at IS NOT NULL))
        )
        """,
        """
        CREATE TABLE staff (
            person_id TEXT PRIMARY KEY REFERENCES person (id),
            partner_id TEXT NOT NULL REFERENCES partner (id),
            role TEXT NOT NULL,
            created_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX staff_partner ON staff (partner_id, person_id)",
        """
        CREATE TABLE partner_account (
            id TEXT PRIMARY KEY,
            client_id TEXT NOT NULL REFERENCES client (id),
            name TEXT NOT NULL,
            folded_name TEXT NOT NULL,
            partner_id TEXT REFERENCES partner (id),
            is_gallery_on BIGINT NOT NULL CHECK (is_gallery_on IN (0, 1)),
            created_at BIGINT NOT NULL,
            UNIQUE (client_id, folded_name),
            UNIQUE (client_id, partner_id),
            UNIQUE (id, client_id)
        )
        """,
        """
        CREATE TABLE membership (
            client_id TEXT NOT NULL REFERENCES client (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            role TEXT NOT NULL,
            partner_account_id TEXT,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (client_id, person_id),
            FOREIGN KEY (partner_account_id, client_id) REFERENCES partner_account (id, client_id)
        )
        """,
        "CREATE INDEX membership_person ON membership (person_id)",
        "CREATE INDEX membership_account ON membership (partner_account_id, person_id)",
        """
        CREATE TABLE membership_system (
            client_id TEXT NOT NULL,
            person_id TEXT NOT NULL,
            system_id TEXT NOT NULL REFERENCES client_system (id),
            PRIMARY KEY (client_id, person_id, system_id),
            FOREIGN KEY (client_id, person_id) REFERENCES membership (client_id, person_id) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX membership_system_system ON membership_system (system_id)",
        """
        CREATE TABLE joining (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('regular', 'partner', 'staff')),
            state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'declined', 'withdrawn')),
            address TEXT NOT NULL,
            role TEXT NOT NULL,
            client_id TEXT REFERENCES client (id),
            partner_id TEXT REFERENCES partner (id),
            partner_account_id TEXT,
            label TEXT,
            invited_by TEXT REFERENCES person (id),
            created_at BIGINT NOT NULL,
            sent_at BIGINT,
            CHECK ((kind = 'staff') = (client_id IS NULL)),
            CHECK ((client_id IS NULL) = (partner_id IS NOT NULL)),
            CHECK (kind <> 'partner' OR (partner_account_id IS NULL) <> (label IS NULL))
        )
        """,
        """
        CREATE UNIQUE INDEX joining_client_open ON joining (client_id, kind, address)
        WHERE state = 'pending' AND client_id IS NOT NULL
        """,
        """
        CREATE UNIQUE INDEX joining_partner_open ON joining (partner_id, address)
        WHERE state = 'pending' AND partner_id IS NOT NULL
        """,
        "CREATE INDEX joining_account ON joining (partner_account_id) WHERE partner_account_id IS NOT NULL",
        "CREATE INDEX joining_inviter ON joining (invited_by) WHERE invited_by IS NOT NULL AND state = 'pending'",
        """
        CREATE TABLE joining_system (
            joining_id TEXT NOT NULL REFERENCES joining (id),
            system_id TEXT NOT NULL REFERENCES client_system (id),
            PRIMARY KEY (joining_id, system_id)
        )
        """,
        "CREATE INDEX joining_system_system ON joining_system (system_id)",
        """
        CREATE TABLE link (
            digest BYTEA PRIMARY KEY CHECK (length(digest) = 32),
            joining_id TEXT REFERENCES joining (id),
            person_id TEXT REFERENCES person (id),
            created_at BIGINT NOT NULL,
            CHECK ((joining_id IS NULL) = (person_id IS NOT NULL))
        )
        """,
        "CREATE INDEX link_joining ON link (joining_id) WHERE joining_id IS NOT NULL",
        "CREATE INDEX link_person ON link (person_id) WHERE person_id IS NOT NULL",
        """
        CREATE TABLE mailbox_code (
            joining_id TEXT PRIMARY KEY REFERENCES joining (id),
            digest BYTEA NOT NULL CHECK (length(digest) = 32),
            created_at BIGINT NOT NULL,
            tries BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE session (
            id TEXT PRIMARY KEY,
            digest BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
            person_id TEXT NOT NULL REFERENCES person (id),
            created_at BIGINT NOT NULL,
            used_at BIGINT NOT NULL,
            origin TEXT,
            agent TEXT
        )
        """,
        "CREATE INDEX session_person ON session (person_id)",
        """
        CREATE TABLE api_token (
            id TEXT PRIMARY KEY,
            digest BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
            person_id TEXT NOT NULL REFERENCES person (id),
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX api_token_person ON api_token (person_id)",
        """
        CREATE TABLE mail (
            id TEXT PRIMARY KEY,
            template TEXT NOT NULL,
            language TEXT NOT NULL,
            recipient TEXT NOT NULL,
            content TEXT NOT NULL,
            joining_id TEXT REFERENCES joining (id),
            person_id TEXT REFERENCES person (id),
            created_at BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            attempts BIGINT NOT NULL,
            sent_at BIGINT,
            failed_at BIGINT,
            error TEXT
        )
        """,
        "CREATE INDEX mail_due ON mail (due_at) WHERE sent_at IS NULL AND failed_at IS NULL",
        """
        CREATE TABLE audit_tail (
            tenant TEXT PRIMARY KEY,
            sequence BIGINT NOT NULL,
            hash BYTEA NOT NULL CHECK (length(hash) = 32)
        )
        """,
        """
        CREATE TABLE audit_event (
            tenant TEXT NOT NULL,
            sequence BIGINT NOT NULL,
            at BIGINT NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            details TEXT NOT NULL,
            origin TEXT,
            request_id TEXT,
            hash BYTEA NOT NULL CHECK (length(hash) = 32),
            PRIMARY KEY (tenant, sequence)
        )
        """,
        .appendOnly(table: "audit_event"),
        """
        CREATE TABLE idempotent_answer (
            caller TEXT NOT NULL,
            key TEXT NOT NULL,
            request BYTEA NOT NULL CHECK (length(request) = 32),
            status BIGINT NOT NULL,
            subject TEXT NOT NULL,
            body BYTEA,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (caller, key)
        )
        """,
        "CREATE INDEX idempotent_answer_age ON idempotent_answer (created_at)",
        """
        CREATE TABLE client_import (
            id TEXT PRIMARY KEY,
            partner_id TEXT NOT NULL REFERENCES partner (id),
            report BYTEA NOT NULL,
            created_at BIGINT NOT NULL
        )
        """,
    ]
}
