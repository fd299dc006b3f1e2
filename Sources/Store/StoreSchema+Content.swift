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
        "ALTER TABLE partner ADD COLUMN link_hosts TEXT",
        "ALTER TABLE client_system ADD COLUMN link_hosts TEXT",
    ]
}
