public import Store

/// How the store's one SQL reads on PostgreSQL 15 and later.
///
/// This target holds what PostgreSQL alone needs. It does not connect yet: `waymark` has no `--database` so far.
public enum PostgresDialect {
    /// The statement with its `?` parameters numbered `$1`, `$2`, …; those within quotes stay.
    public static func numbered(_ statement: Statement) -> String {
        var text = ""
        var count = 0
        var quote: Character?
        for character in statement.sql {
            switch character {
            case "'", "\"":
                quote = quote == nil ? character : (quote == character ? nil : quote)
                text.append(character)
            case "?" where quote == nil:
                count += 1
                text += "$\(count)"
            default: text.append(character)
            }
        }
        return text
    }

    /// DDL as it is written: BIGINT, BYTEA and partial indexes are PostgreSQL's own. Text is compared by bytes, as the
    /// database must be made with the collation C.
    public static func definition(_ definition: StoreSchema.Definition) -> [String] {
        switch definition {
        case .statement(let text): [text]
        case .appendOnly(let table):
            [
                """
                CREATE FUNCTION \(table)_refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'rows of \(table) never change'; END $$
                """,
                """
                CREATE TRIGGER \(table)_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON \(table)
                FOR EACH STATEMENT EXECUTE FUNCTION \(table)_refuse()
                """,
            ]
        }
    }
}
