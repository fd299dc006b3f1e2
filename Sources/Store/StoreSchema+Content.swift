extension StoreSchema {
    /// What the Editor and the gallery keep; version 4.
    static let content: [Definition] = [
        """
        CREATE TABLE item (
            id TEXT PRIMARY KEY,
            workspace_id TEXT NOT NULL REFERENCES workspace (id),
            folder TEXT NOT NULL,
            slug TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            words TEXT NOT NULL,
            content BYTEA NOT NULL,
            revision BIGINT NOT NULL,
            origin_version_id TEXT REFERENCES solution_version (id),
            origin_item TEXT,
            created_at BIGINT NOT NULL,
            changed_at BIGINT NOT NULL,
            changed_by TEXT NOT NULL,
            deleted_at BIGINT,
            CHECK ((origin_version_id IS NULL) = (origin_item IS NULL))
        )
        """,
        "CREATE UNIQUE INDEX item_slug ON item (workspace_id, folder, slug) WHERE deleted_at IS NULL",
        "CREATE INDEX item_workspace ON item (workspace_id, id)",
        "CREATE INDEX item_origin ON item (origin_version_id) WHERE origin_version_id IS NOT NULL",
        "CREATE INDEX item_deleted ON item (deleted_at) WHERE deleted_at IS NOT NULL",
        """
        CREATE TABLE item_revision (
            item_id TEXT NOT NULL REFERENCES item (id),
            number BIGINT NOT NULL,
            change TEXT NOT NULL,
            folder TEXT NOT NULL,
            slug TEXT NOT NULL,
            content BYTEA NOT NULL,
            made_at BIGINT NOT NULL,
            made_by TEXT NOT NULL,
            PRIMARY KEY (item_id, number)
        )
        """,
        "ALTER TABLE solution ADD COLUMN about BYTEA",
        "ALTER TABLE solution ADD COLUMN created_at BIGINT",
        "ALTER TABLE solution_version ADD COLUMN notes TEXT",
        "ALTER TABLE solution_version ADD COLUMN made_by TEXT",
        "ALTER TABLE solution_version ADD COLUMN withdrawn_at BIGINT",
        """
        CREATE TABLE download (
            id TEXT PRIMARY KEY,
            workspace_id TEXT NOT NULL REFERENCES workspace (id),
            solution_version_id TEXT NOT NULL REFERENCES solution_version (id),
            folder TEXT NOT NULL,
            items BIGINT NOT NULL,
            made_at BIGINT NOT NULL,
            made_by TEXT NOT NULL
        )
        """,
        "CREATE INDEX download_workspace ON download (workspace_id, id)",
        "ALTER TABLE object ADD COLUMN signature BYTEA",
        "ALTER TABLE release ADD COLUMN signature BYTEA",
        "ALTER TABLE release ADD COLUMN notes TEXT",
        "ALTER TABLE release ADD COLUMN made_by TEXT",
        "ALTER TABLE release ADD COLUMN state TEXT NOT NULL DEFAULT 'published'",
        "ALTER TABLE release ADD COLUMN decided_by TEXT",
        "ALTER TABLE release ADD COLUMN decided_at BIGINT",
        "ALTER TABLE release ADD COLUMN proposed_instead_of TEXT",
        """
        CREATE TABLE release_item (
            release_id TEXT NOT NULL REFERENCES release (id),
            position BIGINT NOT NULL,
            item_id TEXT NOT NULL,
            digest BYTEA NOT NULL CHECK (length(digest) = 32),
            origin_version_id TEXT REFERENCES solution_version (id),
            origin_item TEXT,
            PRIMARY KEY (release_id, position)
        )
        """,
        "CREATE INDEX release_item_origin ON release_item (origin_version_id) WHERE origin_version_id IS NOT NULL",
        "ALTER TABLE environment ADD COLUMN needs_approval BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE environment ADD COLUMN archived_at BIGINT",
        "ALTER TABLE environment ADD COLUMN deleted_at BIGINT",
        "ALTER TABLE environment ADD COLUMN former_name TEXT",
        """
        CREATE TABLE live_change (
            environment_id TEXT NOT NULL REFERENCES environment (id),
            generation BIGINT NOT NULL,
            at BIGINT NOT NULL,
            release_id TEXT REFERENCES release (id),
            made_by TEXT NOT NULL,
            audit_tenant TEXT,
            audit_sequence BIGINT,
            PRIMARY KEY (environment_id, generation)
        )
        """,
        """
        INSERT INTO live_change (environment_id, generation, at, release_id, made_by)
        SELECT live.environment_id, release.generation, release.created_at, release.id, 'operator'
        FROM live JOIN release ON release.id = live.release_id
        """,
        """
        CREATE TABLE advisory (
            id TEXT PRIMARY KEY,
            solution_version_id TEXT NOT NULL REFERENCES solution_version (id),
            severity TEXT NOT NULL,
            text TEXT NOT NULL,
            fixed_in BIGINT,
            told BIGINT NOT NULL,
            made_at BIGINT NOT NULL,
            made_by TEXT NOT NULL
        )
        """,
        "CREATE INDEX advisory_version ON advisory (solution_version_id)",
        """
        CREATE TABLE advisory_notice (
            advisory_id TEXT NOT NULL REFERENCES advisory (id),
            client_id TEXT NOT NULL REFERENCES client (id),
            PRIMARY KEY (advisory_id, client_id)
        )
        """,
        "CREATE INDEX live_release ON live (release_id)",
        "CREATE INDEX release_snippet ON release (snippet)",
        "CREATE INDEX release_bundle ON release (bundle) WHERE bundle IS NOT NULL",
        """
        CREATE TABLE former_key (
            system_id TEXT NOT NULL REFERENCES client_system (id),
            system_client_id TEXT NOT NULL,
            PRIMARY KEY (system_id, system_client_id)
        )
        """,
        """
        CREATE TABLE standard_notice (
            partner_id TEXT NOT NULL REFERENCES partner (id),
            system_type TEXT NOT NULL,
            due_at BIGINT NOT NULL,
            after_client TEXT NOT NULL,
            PRIMARY KEY (partner_id, system_type)
        )
        """,
        "ALTER TABLE edge_entry ADD COLUMN since BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE edge_entry ADD COLUMN since_at BIGINT NOT NULL DEFAULT 0",
        """
        CREATE TABLE entry_history (
            kind BIGINT NOT NULL,
            key BYTEA NOT NULL,
            until BIGINT NOT NULL,
            until_at BIGINT NOT NULL,
            since BIGINT NOT NULL,
            since_at BIGINT NOT NULL,
            value BYTEA NOT NULL,
            PRIMARY KEY (kind, key, until)
        )
        """,
        "CREATE INDEX edge_entry_environment ON edge_entry (value) WHERE kind = 3",
        "CREATE INDEX entry_history_environment ON entry_history (value) WHERE kind = 3",
        "ALTER TABLE head ADD COLUMN history_from BIGINT NOT NULL DEFAULT 0",
        "CREATE INDEX client_system_type ON client_system (partner_id, type, cache_class, deleted_at)",
        "ALTER TABLE partner ADD COLUMN link_hosts TEXT",
        "ALTER TABLE client_system ADD COLUMN link_hosts TEXT",
    ]
}
