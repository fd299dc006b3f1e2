"""The mutation table of content: the Editor, the gallery, publishing.

What a row is: `mutations_edit.py`. SQL of a break's own is a `Statement(seeded:)`.
"""

from mutations_edit import also, omit, swap

# Files that many breaks are in.
ACCESS = "Authorization/Access.swift"
ADVISORIES = "Store/AdvisoryQueries.swift"
ARCHIVES = "Gallery/Archives.swift"
DOWNLOADS = "Store/DownloadQueries.swift"
DRAFTS = "Publishing/Drafts.swift"
EDGE = "Edge/EdgeIndex.swift"
ENVIRONMENTS = "Store/EnvironmentQueries.swift"
EVIDENCE = "Store/EvidenceQueries.swift"
GALLERY = "Store/GalleryQueries.swift"
ITEMS = "Store/ItemQueries.swift"
ITEM_CHANGES = "Store/ItemChanges.swift"
MERGE = "Domain/Content/JSONValue+Merge.swift"
ORIGINS = "Gallery/Origins.swift"
PLAN = "Publishing/PublicationPlan.swift"
POLICY = "Authorization/Policy.swift"
RELEASES = "Publishing/Releases.swift"
RELEASE_CHANGES = "Store/ReleaseChanges.swift"
RELEASE_ENDPOINTS = "Web/API/ReleaseEndpoints.swift"
RELEASE_PATHS = "Web/API/ReleasePaths.swift"
ROLES = "Domain/People/Roles.swift"
RULES = "Domain/Content/ContentItem+References.swift"
SCHEMA = "Domain/Content/Schema.swift"
SOLUTIONS = "Store/SolutionQueries.swift"
STANDARD = "Publishing/Releases+Standard.swift"
STANDARD_STORED = "Store/StandardContentQueries.swift"
VERSIONS = "Gallery/Versions.swift"
WORKSPACE = "Store/Workspace.swift"

# The checks, by words of their lines.
LIFE = "a client writes items of its own"
LOCKING = "two people edit one item"
FINDING = "items are found by folder"
KINDS = "every kind of item is taken"
CONTENT_RIGHTS = "content rights reach the member's systems"
PARTNER = "a partner has drafts of its own"
CLOSED = "a client that is closing is closed"
REPEATED = "a repeated request makes one item"
PACKED = "leaves and comes as the gallery's folder format"
MADE = "publishing in a partner's Editor makes versions"
PUBLICATIONS = "go into the solution of their folder"
OFFERED = "a client sees its owner partner's gallery"
COPIES = "a download makes drafts with ids of their own"
ORIGIN = "a copy's owner sees how far behind"
WITHDRAWN = "a withdrawn version is offered no more"
HOSTS = "links lead to hosts that the partner has named"
WARNED = "a partner warns of a version"
WHOLE = "a version is downloaded, customized"
PLANNING = "a dry run says what changes"
HISTORY = "releases are numbered, keep who"
PUBLISHERS = "production takes the right to publish there"
APPROVAL = "a second person approves a release"
PLACES = "production and test stay, others are made"
SUSPENDED = "a suspended client reads, and publishes nothing"
LISTED = "standard content is an ordered list"
REACHED = "a publish can wait until every edge"
SWITCH = "sees which standard content is live for it"
EXPLAINED = "what a key leads to, why, since when"
PROVEN = "which scripts pages got from when to when"
TOLD = "clients are told when standard content changes"
FOREIGN = "nobody reaches another client's system by its id"
GONE = "a deleted environment's releases stay readable"
OVERTAKEN = "an approval that would replace something else"
FEW = "a workspace has twenty environments"
OWN_SYSTEMS = "are shown for the systems that a member was given"
FOLLOWED = "evidence follows a system"
SIDES = "an archived environment explains nothing"
ACROSS = "an archive's items name those of other folders"
FOR_CLIENT = "the owner partner publishes versions for a client"
REPEATING = "who may publish no more is not told again"

# Where several breaks are.
NEW_STATE = "try connection.insertRevision(record, change, content)"
ANY_SYSTEM = "guard try await ‹storage.hasSystem(system, client)› else"
ANY_SOLUTION = """
connection.newestVersion(of: {0}).map {{ try connection.solution(ofVersion: $0.id).solution }}
    ?? connection.solution({0}, seenBy: client)
"""
CHOSEN = "guard ‹wanted.count == named.count› else"
NUMBERED = "‹connection.rows(ReleaseSQL.numbered, .text(of: place.id), .integer(number))›.first"
BACK_WITHIN = """\
‹if let scope { _ = try connection.workspace(of: scope) }›
            let tenant = try connection.lockTenant(of: owner, for: caller)
            let place = try Self.environment(owner, environment, connection)
            let present ="""

CONTENT = (
    # Drafts in the Editor
    omit(
        "F-070", DRAFTS,
        "_ scope: EditorScope) async throws {\n"
        "        ‹try await access.editor(caller, scope, client: .readItems, partner: .readPartnerItems)›",
        "whoever has signed in reads everybody's drafts", only=CONTENT_RIGHTS,
    ),
    swap(
        "F-070b", SCHEMA, "case .markup: ‹Markup.fault(in: text) == nil›", "Markup.faultInLines(text) == nil",
        "text may link to anything", only=KINDS,
    ),
    swap(
        "F-070c", SCHEMA, "case .httpsURL: ‹WebAddress(text) != nil›", "text.contains(\":\")",
        "a resource may open anything", only=KINDS,
    ),
    swap(
        "F-070d", SCHEMA, '‹text.utf8.dropFirst().first != UInt8(ascii: "/")›', "true",
        "a shuttle may lead to another host", only=KINDS,
    ),
    swap(
        "F-070e", SCHEMA, '} else if ‹schema["additionalProperties"] == .bool(false)› {', "false",
        "members that no schema knows are taken", only=KINDS,
    ),
    swap(
        "F-070f", "Domain/Content/Markup.swift", "first { ‹!allowed.contains($0) && isHidden($0)› }",
        "!allowed.contains($0) && $0.value < 0x20",
        "text may hold marks that turn it around", only=KINDS,
    ),
    swap(
        "F-070g", SCHEMA, 'if case .integer(let least) = schema["min\\(keyword)"], ‹count < least› {', "false",
        "what must not be empty may be empty", only=KINDS,
    ),
    swap(
        "F-070h", SCHEMA, 'if case .integer(let most) = schema["max\\(keyword)"], ‹count > most› {', "false",
        "texts have no end", only=KINDS,
    ),
    omit(
        "F-070i", DRAFTS,
        "try await access.partner(caller, partner, .readPartnerItems)",
        "a partner's drafts are read by whoever knows their ids", only=PARTNER,
    ),
    omit("F-070i", DRAFTS, "try await access.editor(caller, scope, client: .readItems, partner: .readPartnerItems)"),
    swap(
        "F-071", ITEMS, ".flag(‹filter.deleted›)", "false",
        "what is deleted cannot be found", only=LIFE,
    ),
    swap(
        "F-071b", DRAFTS, "guard ‹present.deletedAt == nil› else", "true",
        "a deleted item is edited", only=LIFE,
    ),
    swap(
        "F-071c", ITEMS,
        '.text(filter.kind?.rawValue ?? ""),\n                ‹.text(filter.kind?.rawValue ?? "")›,\n',
        '.text(filter.kind == nil ? "" : ItemKind.shoutOut.rawValue)',
        "whatever kind is asked for, shout-outs are found", only=FINDING,
    ),
    swap(
        "F-071d", ITEMS,
        """\
let pattern = ‹filter.words.lowercased().replacing("\\\\", with: "\\\\\\\\").replacing("%", with: "\\\\%")
            .replacing("_", with: "\\\\_")›""",
        "filter.words.lowercased()",
        "words are taken as a pattern", only=FINDING,
    ),
    swap(
        "F-071e", RULES, "String(‹content.strings.joined(separator: \"\\n\")›.lowercased()", "name",
        "words are looked for in names only", only=FINDING,
    ),
    swap(
        "F-071f", DRAFTS, "to: scope, ‹present.folder›, present.slug, by: caller)", "nil",
        "a second item like one that is there stands in no folder", only=FINDING,
    ),
    swap(
        "F-071g", ARCHIVES, "? ‹slug.text› : nil", "Optional<String>.none",
        "an archive's references are ids of the Editor that it comes from", only=PACKED,
    ),
    swap(
        "F-071h", ARCHIVES, "‹index.path($0, from: folder)›\n", "$0",
        "references among an archive's items lead nowhere", only=PACKED,
    ),
    swap(
        "F-071i", ARCHIVES, "guard ‹steps.count <= 2›, file.name", "true",
        "an archive may have folders in folders", only=PACKED,
    ),
    swap(
        "F-071j", "Gallery/ZipArchive.swift", "‹checksum(content) == entry.checksum›", "true",
        "an archive's checksums are not looked at", only=PACKED,
    ),
    swap(
        "F-071k", "Gallery/ZipArchive.swift", "guard ‹entry.size <= fileBytesMax› else", "true",
        "an archive unpacks to whatever it says", only=PACKED,
    ),
    swap("F-071k", "Gallery/ZipArchive.swift", "guard ‹left >= 0› else", "true"),
    swap(
        "F-072", POLICY, "case .readPartnerItems, .readSolutions: ‹.staff(.readContent)›", ".staff(nil)",
        "any of a partner's staff reads its drafts", only=PARTNER,
    ),
    swap(
        "F-072b", POLICY, "case .editPartnerItems: ‹.staff(.editContent)›", ".staff(.readContent)",
        "a Partner Viewer edits", only=PARTNER,
    ),
    swap(
        "F-072c", POLICY, "case .editSolutions: ‹.staff(.gallery)›", ".staff(.readContent)",
        "a Partner Viewer makes versions", only=PARTNER,
    ),
    swap(
        "F-072d", POLICY, "case .readStandardReleases, .readPartnerEnvironments: ‹.staff(.readContent)›",
        ".staff(nil)",
        "any of a partner's staff reads its releases", only=PARTNER,
    ),
    swap(
        "F-072e", POLICY, "case .changePartnerEnvironments: ‹.staff(.settings)›", ".staff(.editContent)",
        "a Partner Builder makes environments", only=PARTNER,
    ),
    omit(
        "F-072f", ARCHIVES,
        "try await access.editor(caller, scope, client: .readItems, partner: .readPartnerItems)",
        "whoever has signed in takes an Editor's archive", only=PACKED,
    ),
    omit(
        "F-072g", ARCHIVES,
        "try await access.editor(caller, scope, client: .editItems, partner: .editPartnerItems)",
        "whoever has signed in fills an Editor by an archive", only=PACKED,
    ),
    omit(
        "F-081", ITEM_CHANGES, NEW_STATE,
        "changes are not in an item's history", only=LIFE,
    ),
    swap(
        "F-081b", MERGE, "members[name] = ‹change == .null ? nil : (members[name] ?? .null).merging(change)›",
        "change == .null ? members[name] : (members[name] ?? .null).merging(change)",
        "null in a patch takes nothing away", only=LIFE,
    ),
    swap(
        "F-081c", MERGE, "members[name] = ‹change == .null ? nil : (members[name] ?? .null).merging(change)›",
        "change == .null ? nil : change",
        "writing a text's French drops its English", only=LIFE,
    ),
    omit(
        "F-081d", DRAFTS, "edit.folder = revision.folder",
        "a restored item stays in the folder that it was moved to", only=LIFE,
    ),
    omit(
        "F-081e", DRAFTS, "edit.isDeleted = false",
        "a restored item stays deleted", only=LIFE,
    ),
    omit(
        "F-081f", DRAFTS,
        "‹try expecting(present)›\n        var edit = ItemEdit(present)\n        if let patch",
        "an edit overwrites what has changed meanwhile", only=LOCKING,
    ),
    omit(
        "F-081g", DRAFTS,
        "‹try expecting(present)›\n        var edit = ItemEdit(present)\n        edit.isDeleted",
        "what has changed meanwhile is deleted", only=LOCKING,
    ),
    swap(
        "F-081h", ITEM_CHANGES, "guard ‹record.revision == revision› else", "true",
        "of two edits at the same moment the later one overwrites the other", only=LOCKING,
    ),
    omit(
        "F-081i", ITEM_CHANGES, "record.changedBy = caller.auditName",
        "an item's history names its maker for every change", only=LOCKING,
    ),
    omit(
        "F-081j", ITEM_CHANGES, "try connection.keepAnswer(to: caller, records, at: now)",
        "a repeated request makes another item", only=REPEATED,
    ),
    omit(
        "F-081k", DRAFTS, "if let slug = change.slug { edit.slug = slug }",
        "another name of an item's file is forgotten", only=FINDING,
    ),
    omit(
        "D-4i", "Store/Erasure.swift", "try execute(ErasureSQL.eraseReleases, .bytes([]), client)",
        "a closed client's releases keep their content", only=CLOSED,
    ),
    swap(
        "D-4j", "Store/Erasure.swift",
        """\
‹[
            ErasureSQL.deleteLinks, .deleteCodes, .deleteMails, .deleteJoiningSystems, .deleteJoinings,
            .deleteMemberships, .deleteAccounts, .deleteLive, .deleteRevisions, .deleteItems, .deleteReleaseItems,
            .deleteDownloads,
        ]›""",
        """
        [
            ErasureSQL.deleteLinks, .deleteCodes, .deleteMails, .deleteJoiningSystems, .deleteJoinings,
            .deleteMemberships, .deleteAccounts, .deleteLive,
        ]
        """,
        "a closed client's drafts are kept", only=CLOSED,
    ),
    # Who may do what with content
    swap(
        "D-15o", ACCESS, "guard ‹relation?.reaches(system) ?? true› else", "true",
        "content rights reach all of a client's systems", only=CONTENT_RIGHTS,
    ),
    swap(
        "D-15p", DRAFTS, "if ‹!isText› {", "false",
        "a translator edits everything", only=CONTENT_RIGHTS,
    ),
    swap(
        "D-15q", MERGE, "if ‹isLocalized && other.isLocalized› {", "false",
        "a translator changes nothing at all", only=CONTENT_RIGHTS,
    ),
    swap(
        "D-15r", POLICY, "case .editItems, .downloadSolution: ‹.member([.editContent])›",
        ".member([.editContent, .editText])",
        "a translator has an editor's rights", only=CONTENT_RIGHTS,
    ),
    swap(
        "D-15s", POLICY, "case .readItems, .readGallery: ‹.member([.readContent])›", ".member([])",
        "an analyst reads drafts", only=CONTENT_RIGHTS,
    ),
    swap(
        "D-15t", RELEASES, "var publishing: Action { ‹self == .production› ?", "false",
        "publishing to production takes the right to publish to test", only=PUBLISHERS,
    ),
    also(
        "D-15u", RELEASES,
        "try await access.editor(caller, scope, client: environment.publishing, partner: .publishStandard)",
        """
        let isTester = (try? await access.editor(caller, scope, client: .publishTest, partner: .publishStandard)) != nil
        if isTester { return }
        """,
        "who publishes to test moves what is live in production", only=PUBLISHERS,
    ),
    swap(
        "D-15v", POLICY, "case .publishTest: ‹.member([.publishTest])›", ".member([.editContent])",
        "whoever edits publishes to test", only=PUBLISHERS,
    ),
    swap(
        "D-15w", ROLES, "case .builder: ‹[.readContent, .editContent, .publishTest]›",
        "[.readContent, .editContent, .publishTest, .publishProduction]",
        "a Builder publishes to production", only=PUBLISHERS,
    ),
    swap(
        "D-15x", POLICY, "case .publishStandard, .publishForClient: ‹.staff(.standardContent)›", ".staff(.gallery)",
        "a Partner Builder publishes standard content", only=PUBLISHERS,
    ),
    omit(
        "D-15y", STANDARD,
        "‹try await access.partner(caller, partner, .publishStandard)›\n        try await requireEnvironment",
        "whoever has signed in publishes standard content", only=PUBLISHERS,
    ),
    omit(
        "D-15z", DRAFTS, "try await access.editor(caller, scope, client: .editItems, partner: .editPartnerItems)",
        "whoever has signed in edits everybody's drafts", only=CONTENT_RIGHTS,
    ),
    omit(
        "D-15aa", DRAFTS, "try await access.editor(caller, scope, client: .editItemTexts, partner: .editPartnerItems)",
        "whoever has signed in translates everybody's drafts", only=FOREIGN,
    ),
    swap(
        "D-15ab", ITEMS, "let row = try ‹rows(ItemSQL.one, .text(of: workspace), .text(of: id))›.first",
        """
        rows(
            Statement(
                seeded: "SELECT id, folder, slug, content, revision, origin_version_id, origin_item, created_at, "
                    + "changed_at, changed_by, deleted_at FROM item WHERE id = ?"), [.text(of: id)])
        """,
        "another Editor's item is reached by its id", only=CONTENT_RIGHTS,
    ),
    omit(
        "D-15ac", STANDARD,
        "‹try await access.partner(caller, partner, .publishStandard)›\n        let versions =",
        "whoever has signed in is told what standard content would change", only=PUBLISHERS,
    ),
    omit(
        "D-15ad", RELEASES,
        "‹try await access.client(caller, client, at: system, environment.publishing)›\n"
        "        try await requireEnvironment",
        "whoever has signed in publishes", only=FOREIGN,
    ),
    omit(
        "D-15ae", RELEASES,
        "‹try await access.client(caller, client, at: system, environment.publishing)›\n"
        "        return try await turns.take(.system(system)) {\n"
        "            let new = try await publication(items, of: client, system, into: environment, notes: nil)",
        "whoever has signed in is told what publishing would change", only=FOREIGN,
    ),
    omit(
        "D-15af", RELEASES,
        "try await access.editor(caller, scope, client: .readReleases, partner: .readStandardReleases)",
        "whoever has signed in reads releases", only=FOREIGN,
    ),
    omit(
        "D-15ag", RELEASES,
        "try await access.editor(caller, scope, client: environment.publishing, partner: .publishStandard)",
        "whoever has signed in moves what is live", only=FOREIGN,
    ),
    omit(
        "D-15ah", "Publishing/Environments.swift",
        "try await access.editor(caller, scope, client: .readEnvironments, partner: .readPartnerEnvironments)",
        "whoever has signed in reads the keys of environments", only=FOREIGN,
    ),
    omit(
        "D-15ai", "Publishing/Environments.swift",
        "try await access.editor(caller, scope, client: .changeEnvironments, partner: .changePartnerEnvironments)",
        "whoever has signed in changes environments", only=FOREIGN,
    ),
    swap(
        "D-15aj", "Publishing/StandardContent.swift",
        "try await ‹access.client(caller, client, .readStandardContent)›", "nil",
        "whoever has signed in is told what a client gets", only=FOREIGN,
    ),
    omit(
        "D-15ak", ORIGINS, "try await access.client(caller, client, at: system, .readItems)",
        "whoever has signed in reads what became of copies", only=FOREIGN,
    ),
    omit(
        "D-15al", ORIGINS, "try await access.client(caller, client, at: system, .editItems)",
        "whoever has signed in takes versions into copies", only=FOREIGN,
    ),
    omit(
        "D-15am", "Gallery/Downloads.swift",
        "‹try await access.client(caller, client, at: system, .readItems)›\n        return",
        "whoever has signed in reads what was downloaded", only=FOREIGN,
    ),
    omit(
        "D-15an", "Gallery/Downloads.swift",
        "‹try await access.client(caller, client, at: system, .downloadSolution)›\n        let live",
        "whoever has signed in takes the standard content into an Editor", only=FOREIGN,
    ),
    omit(
        "D-15ao", "Gallery/Downloads.swift",
        "‹_ = try await access.client(caller, client, .readGallery)›\n        return",
        "whoever has signed in sees a client's gallery", only=FOREIGN,
    ),
    swap(
        "D-15ap", "Gallery/Advisories.swift", "try await ‹access.client(caller, client, .readGallery)›", "nil",
        "whoever has signed in reads a client's warnings", only=FOREIGN,
    ),
    # Versions and publications
    swap(
        "F-076", GALLERY, "if let newest, try ‹newest.digest(1) == new.digest› {", "false",
        "the same content once more makes another version", only=MADE,
    ),
    swap(
        "F-076b", SOLUTIONS,
        "let version = try connection.version(‹number›, of: solution)\n"
        "            return (version, try connection.content(of: version.id))",
        "connection.solution(solution, of: partner).lastVersion",
        "an earlier version is read as the newest one", only=MADE,
    ),
    swap(
        "F-076c", GALLERY, "digest = ‹Digest(of: content)›", "Digest(of: Array(solution.id.utf8))",
        "every version of a solution has one digest", only=MADE,
    ),
    omit(
        "F-076d", VERSIONS,
        "‹try await access.partner(caller, partner, .readSolutions)›\n        let (version, content)",
        "another partner reads a solution's versions", only=MADE,
    ),
    also(
        "F-076e", GALLERY, "try connection.execute(GallerySQL.setAbout, .bytes(about.canonical), .text(of: id))",
        """
        let named = "UPDATE solution_version SET notes = 'renamed' WHERE solution_id = ?"
        try connection.execute(Statement(seeded: named), [.text(of: id)])
        """,
        "another name of a solution is written into its versions", only=MADE,
    ),
    omit(
        "F-076f", GALLERY, "try expecting(try connection.solution(id, of: partner))",
        "a solution's name that has changed meanwhile is changed", only=MADE,
    ),
    omit(
        "F-076g", GALLERY,
        """\
try connection.audit(
                    .partner(partner),
                    "version.published",
                    "solution/\\(version.solution)",
                    ["number": .integer(version.number), "digest": .string("\\(version.digest)")],
                    by: caller,
                    at: now
                )""",
        "new versions are not audited", only=MADE,
    ),
    omit(
        "F-076h", VERSIONS,
        "‹try await access.partner(caller, partner, .readSolutions)›\n        return try await storage.solutions(",
        "another partner reads a partner's solutions", only=MADE,
    ),
    omit(
        "F-076i", VERSIONS, "‹try await access.partner(caller, partner, .editSolutions)›\n        let about =",
        "another partner makes a partner's solutions", only=MADE,
    ),
    omit(
        "F-076j", VERSIONS, "‹try await access.partner(caller, partner, .editSolutions)›\n        let present =",
        "another partner names a partner's solutions", only=MADE,
    ),
    omit(
        "F-076k", VERSIONS, "‹try await access.partner(caller, partner, .editSolutions)›\n        let record =",
        "another partner makes versions of a partner's solutions", only=MADE,
    ),
    omit(
        "F-076l", VERSIONS,
        "‹try await access.partner(caller, partner, .editSolutions)›\n        return",
        "another partner withdraws a partner's versions", only=MADE,
    ),
    omit(
        "F-076m", VERSIONS, "‹try await access.partner(caller, partner, .editSolutions)›\n        for _ in",
        "another partner publishes a partner's items", only=MADE,
    ),
    swap(
        "F-077", GALLERY, "‹solution.notes.map(SQLValue.text) ?? .null›,", ".null",
        "a version's notes are lost", only=MADE,
    ),
    swap(
        "F-077b", VERSIONS, "?? ‹.folder(Slug(record.slug, field: \"slug\"))›", ".all",
        "a version holds all that is in the Editor", only=MADE,
    ),
    omit(
        "D-9", VERSIONS, "for item in try Solution.items(ofVersion: newest.content) { held[item.id] = item }",
        "what is not published again leaves the solution", only=PUBLICATIONS,
    ),
    swap(
        "D-9b", VERSIONS, 'Dictionary(grouping: chosen) { ‹$0.folder ?? Slug(from: "", else: "other")› }',
        'Slug(from: "", else: "other")',
        "everything goes into 'other'", only=PUBLICATIONS,
    ),
    swap(
        "D-9c", ITEMS, CHOSEN, "true",
        "items that are not there are passed over", only=PUBLICATIONS,
    ),
    swap(
        "D-9d", RULES, "item.references.filter { ‹!ids.contains($0.id)› }", "false",
        "an item may lead to one that is not published with it", only=PUBLICATIONS,
    ),
    swap(
        "D-9e", RULES, "item.links.filter { ‹!names.contains($0.address.host)› }", "false",
        "links may lead to any host", only=HOSTS,
    ),
    swap(
        "D-9f", "Domain/Content/Markup.swift", "self.host = ‹String(decoding: host, as: UTF8.self).lowercased()›",
        "String(decoding: host, as: UTF8.self)",
        "a link's host is compared as it is written", only=HOSTS,
    ),
    swap(
        "D-9g", "Domain/Content/Markup.swift", "return bytes.count <= 253 && ‹labels.count >= 2›", "true",
        "a host may be a name of the own network", only=HOSTS,
    ),
    swap(
        "D-9j", RELEASES, "guard ‹faults.isEmpty› else { throw Refusal.content(faults) }", "true",
        "a client's links may lead to any host", only=HOSTS,
    ),
    # The gallery as clients see it
    swap(
        "F-078", SOLUTIONS, "connection.rows(SolutionSQL.seen, ‹id›, id, id, page.after, page.count)", ".null",
        "the owner partner's gallery is not offered", only=OFFERED,
    ),
    swap(
        "F-078b", DOWNLOADS, "guard ‹version.withdrawnAt == nil || evenWithdrawn› else", "true",
        "a withdrawn version can be downloaded", only=WITHDRAWN,
    ),
    swap(
        "F-078c", SOLUTIONS, "try ‹rows(SolutionSQL.newest, .text(of: solution))›.first.map(VersionRecord.init)",
        "rows(SolutionSQL.versions, .text(of: solution), .integer(.max), .integer(1))",
        "a withdrawn version counts as the newest one", only=WITHDRAWN,
    ),
    omit(
        "F-078d", "Gallery/Downloads.swift",
        "‹try await access.client(caller, client, at: system, .downloadSolution)›\n"
        "        return try await download([(solution, version)]",
        "whoever has signed in downloads into an Editor", only=OFFERED,
    ),
    swap(
        "F-078e", GALLERY,
        "if try ‹connection.execute(GallerySQL.withdraw, .time(now), .text(of: version.id))› == 1 {",
        """
        connection.execute(
            Statement(seeded: "UPDATE solution_version SET withdrawn_at = ? WHERE id = ?"),
            [.time(now), .text(of: version.id)])
        """,
        "a version is withdrawn again", only=WITHDRAWN,
    ),
    omit(
        "F-078f", "Gallery/Downloads.swift",
        "‹_ = try await access.client(caller, client, .readGallery)›\n        let (record,",
        "whoever has signed in looks into a client's gallery", only=OFFERED,
    ),
    swap(
        "F-079", DOWNLOADS, "let record = try ‹connection.solution(choice.solution, seenBy: client)›",
        ANY_SOLUTION.format("choice.solution"),
        "any partner's solution can be downloaded", only=OFFERED,
    ),
    swap(
        "F-079b", SOLUTIONS, "let record = try ‹connection.solution(solution, seenBy: client)›",
        ANY_SOLUTION.format("solution"),
        "any partner's solution can be looked at", only=OFFERED,
    ),
    swap(
        "F-079c", ACCESS, ANY_SYSTEM, "true",
        "another client's system is reached by its id", only=FOREIGN,
    ),
    omit("F-079c", ITEMS, "_ = try self.system(system, of: client)"),
    omit(
        "F-079d", ITEM_CHANGES,
        "try lockClient(client)\n            ‹_ = try self.system(system, of: client)›",
        "another client's Editor and environments are changed by its system's id", only=FOREIGN,
    ),
    swap("F-079d", ACCESS, ANY_SYSTEM, "true"),
    swap(
        "D-20", SOLUTIONS, "connection.rows(SolutionSQL.seen, id, ‹id›, id, page.after, page.count)", ".null",
        "an invited partner's gallery is never offered", only=OFFERED,
    ),
    also(
        "D-20b", "Store/PartnerAccountQueries.swift",
        "if partner == nil { try attachLabels(name.folded, to: id, of: client) }",
        'try execute(Statement(seeded: "UPDATE partner_account SET is_gallery_on = 1 WHERE id = ?"), [.text(of: id)])',
        "an invited partner's gallery is on at first", only=OFFERED,
    ),
    # Downloads, and what becomes of copies
    swap(
        "F-080", DOWNLOADS,
        "while try ‹!rows(DownloadSQL.anyInFolder, .text(of: workspace), .text(of: free)).isEmpty›", "false",
        "a second download goes into the folder of the first", only=COPIES,
    ),
    swap(
        "F-080b", DOWNLOADS, "?? ‹connection.newestVersion(of: record.id)›", "connection.version(1, of: record.id)",
        "the first version is downloaded where none is named", only=COPIES,
    ),
    omit(
        "F-080c", DOWNLOADS,
        """\
try execute(
            DownloadSQL.insert,
            .text(of: download.id),
            .text(of: workspace),
            .text(of: version.id),
            .text(of: folder),
            .integer(download.items),
            .time(now),
            .text(download.madeBy)
        )""",
        "what was downloaded is not kept", only=COPIES,
    ),
    omit(
        "F-080d", DOWNLOADS,
        """\
try connection.audit(
                    .client(client),
                    "solution.downloaded",
                    "system/\\(system)",
                    [
                        "solution": .string("\\(download.solution)"), "version": .integer(download.version),
                        "digest": .string("\\(download.digest)"),
                    ],
                    by: caller,
                    at: now
                )""",
        "downloads are not audited", only=COPIES,
    ),
    swap(
        "F-089", ITEM_CHANGES, "new.item.copied(as: id.new.description) { ‹renamed[$0]› }", "$0",
        "a copy refers to the partner's items", only=COPIES,
    ),
    swap(
        "F-089b", DOWNLOADS, "origin: ‹ItemOrigin(version: version.id, item: item.id)›",
        "ItemOrigin(version: version.id, item: solution.slug)",
        "a copy's origin names the solution for the item", only=COPIES,
    ),
    also(
        "F-090", GALLERY, "version.number += 1",
        """
        let copies = "UPDATE item SET revision = revision + 1 WHERE origin_version_id IN "
            + "(SELECT id FROM solution_version WHERE solution_id = ?)"
        try execute(Statement(seeded: copies), [owner])
        """,
        "a new version changes the copies of those before", only=COPIES,
    ),
    also(
        "F-091", ITEM_CHANGES, NEW_STATE,
        """
        if let origin = record.origin {
            let original = "UPDATE solution_version SET notes = 'edited' WHERE id = ?"
            try connection.execute(Statement(seeded: original), [.text(of: origin.version)])
        }
        """,
        "editing a copy writes into the version that it came from", only=COPIES,
    ),
    swap(
        "F-090b", DOWNLOADS, "origin: ‹ItemOrigin(version: version.id, item: item.id)›", "nil",
        "a copy does not know where it came from", only=ORIGIN,
    ),
    swap(
        "F-090c", ORIGINS, "let own = ‹origin.item.item.content.renamingReferences { names[$0] }›",
        "origin.item.item.content",
        "references among copies count as edits", only=COPIES,
    ),
    swap(
        "F-090d", ORIGINS, "versionsBehind: origin.later.count { ‹$0.withdrawnAt == nil› }", "true",
        "a copy is behind withdrawn versions too", only=ORIGIN,
    ),
    swap(
        "F-090e", "Domain/Content/FieldComparison.swift", "return ‹newest == origin› ? .own : .conflict", "true",
        "a field that both have changed counts as one's own", only=ORIGIN,
    ),
    swap(
        "F-090f", "Domain/Content/FieldComparison.swift", "if ‹own == origin› { return .theirs }", "own != newest",
        "a field that one has edited counts as the partner's change", only=ORIGIN,
    ),
    swap(
        "F-090g", ORIGINS, "report.fields.filter { ‹$0.change == .theirs› }", "$0.change != .own",
        "taking a new version overwrites own edits", only=ORIGIN,
    ),
    omit(
        "F-090h", ORIGINS, "edit.origin?.version = newest.id",
        "after taking a version one is behind it still", only=ORIGIN,
    ),
    swap(
        "F-090i", ORIGINS, "            edit,\n            ‹.taken›,", ".edited",
        "taking is not told from editing in the history", only=ORIGIN,
    ),
    swap(
        "F-090j", ORIGINS, "for pointer in ‹wanted› {", "report.fields.map(\\.pointer)",
        "all of a new version is taken, whatever was chosen", only=ORIGIN,
    ),
    omit(
        "F-090s", ORIGINS, "content = content.renamingReferences { copies[$0] }",
        "a copy that takes a new version refers to the partner's items", only=COPIES,
    ),
    swap(
        "F-090t", ORIGINS, "let isRemoved = ‹new == .some(nil)›", "false",
        "an item that the newest version has no more looks unchanged", only=ORIGIN,
    ),
    # Warnings
    swap(
        "F-090k", ADVISORIES, "AdvisorySQL.noteHolders, name, id, name, ‹id›)", ".null",
        "who has deleted what they have published is not warned", only=WARNED,
    ),
    swap(
        "F-090l", ADVISORIES, "AdvisorySQL.noteHolders, name, ‹id›, name", ".null",
        "who has published nothing is not warned", only=WARNED,
    ),
    also(
        "F-090m", ADVISORIES, "try connection.execute(AdvisorySQL.setTold, .integer(Int64(told)), name)",
        """
        try connection.execute(
            Statement(
                seeded: "INSERT INTO advisory_notice (advisory_id, client_id) "
                    + "SELECT DISTINCT ?, client_system.client_id FROM download "
                    + "JOIN workspace ON workspace.id = download.workspace_id "
                    + "JOIN client_system ON client_system.id = workspace.system_id "
                    + "WHERE download.solution_version_id = ? ON CONFLICT DO NOTHING"), [name, id])
        """,
        "whoever has downloaded a version is warned, whatever they still have of it", only=WARNED,
    ),
    omit(
        "F-090n", ADVISORIES,
        "try connection.tellAdmins(of: try row.id(1), .advisory, values, at: now, runtime)",
        "nobody is mailed a warning", only=WARNED,
    ),
    omit(
        "F-090o", ADVISORIES, "if let fixedIn { _ = try connection.version(fixedIn, of: solution) }",
        "a warning names a version that there is not", only=WARNED,
    ),
    swap(
        "F-090p", ADVISORIES, "isLive: ‹row[3] != .null›", "true",
        "a warning is never resolved", only=WARNED,
    ),
    omit(
        "F-090q", "Gallery/Advisories.swift", "try await access.partner(caller, partner, .editSolutions)",
        "whoever has signed in warns of a partner's versions", only=WARNED,
    ),
    swap(
        "F-090r", ADVISORIES, "connection.rows(AdvisorySQL.showing, ‹.text(of: version.id)›)", ".null",
        "nobody is said to show a faulty version", only=WARNED,
    ),
    omit(
        "F-090u", "Gallery/Advisories.swift", "try await access.partner(caller, partner, .readSolutions)",
        "another partner reads a partner's warnings", only=WARNED,
    ),
    omit(
        "F-090v", ADVISORIES,
        """\
try connection.audit(
                .partner(partner),
                "advisory.made",
                "solution/\\(solution)",
                [
                    "version": .integer(number), "severity": .string(severity.rawValue),
                    "advisory": .string("\\(advisory)"),
                ],
                by: caller,
                at: now
            )""",
        "warnings are not audited", only=WARNED,
    ),
    # Publishing
    swap(
        "F-084", RELEASES,
        "owner: .system(system),\n            environment: ‹environment›,", "EnvironmentName.production",
        "publishing to test publishes to production", only=WHOLE,
    ),
    omit(
        "F-083", EDGE, "snippets.setOwn(system, content?.snippet)",
        "a client's own content is not shown in place of the standard content", only=WHOLE,
    ),
    omit(
        "F-083b", WORKSPACE, "try feed.set(.pointer(owner, name), nil)",
        "what was unpublished is served on", only=WHOLE,
    ),
    omit(
        "F-085", EDGE, "if case .standard(let partner, _) = place.owner { partners.insert(partner) }",
        "new standard content does not reach the clients that get it", only=WHOLE,
    ),
    omit(
        "F-088", RELEASES, "new.signature = scripts.key.sign(new.statement)",
        "releases are not signed", only=WHOLE,
    ),
    # What publishing would change
    swap(
        "D-3", PLAN, "gone = ‹old.filter { !ids.contains($0[\"id\"]?.text ?? \"\") }.map(Item.init)›", "[]",
        "a dry run does not say what users would no longer see", only=PLANNING,
    ),
    swap(
        "D-3b", PLAN, "known[item[\"id\"]?.text ?? \"\"].map { ‹$0 != item› } ?? false", "false",
        "a dry run does not say what users would see otherwise", only=PLANNING,
    ),
    swap(
        "D-3c", PLAN, "added = new.filter { ‹known[$0[\"id\"]?.text ?? \"\"] == nil› }", "known.isEmpty",
        "a dry run says what is new only where nothing is live", only=PLANNING,
    ),
    swap(
        "D-3d", PLAN, "replacesStandard = served.map { ‹!$0.isOwn› } ?? false", "false",
        "a dry run does not say that standard content is replaced", only=TOLD,
    ),
    swap(
        "D-3e", RELEASE_ENDPOINTS,
        "if ‹call.flag(\"dryRun\") == true› {\n                let plan =", "false",
        "a dry run publishes", only=PLANNING,
    ),
    swap(
        "D-3f", ITEMS, "wanted = all.filter { ‹named.contains($0[0])› }", "true",
        "all is published, whatever was chosen", only=PLANNING,
    ),
    swap("D-3f", ITEMS, CHOSEN, "true"),
    swap(
        "D-3g", "Gallery/Downloads.swift", "‹production.solutions.map { ($0.solution, $0.version) }›",
        "production.solutions.prefix(1).map { ($0.solution, $0.version) }",
        "of the standard content only the first solution is taken", only=TOLD,
    ),
    swap(
        "D-3h", "Web/API/GalleryEndpoints.swift",
        'guard call.body["solution"] == nil, ‹call.body["version"] == nil› else', "true",
        "a version that stands beside 'standard' is passed over", only=TOLD,
    ),
    swap(
        "D-3i", "Gallery/Downloads.swift", "live.first(where: { ‹$0.environment == .production› })",
        "$0.environment == .test",
        "what is live in test is taken for the standard content", only=TOLD,
    ),
    # Releases
    omit(
        "F-082b", RELEASES, "new.notes = publication.notes",
        "what the publisher said of a release is lost", only=HISTORY,
    ),
    swap(
        "F-082c", RELEASE_CHANGES, "‹.text(caller.auditName)›,\n            .text(state.rawValue)", '.text("operator")',
        "releases do not say who made them", only=HISTORY,
    ),
    swap(
        "F-082d", RELEASE_CHANGES, NUMBERED,
        """
        connection.rows(
            Statement(
                seeded: "SELECT id, number, generation, snippet, bundle, player, signature FROM release "
                    + "WHERE workspace_id = (SELECT workspace_id FROM environment WHERE id = ?) AND number = ? "
                    + "AND state = 'published'"), [.text(of: place.id), .integer(number)])
        """,
        "a release of another environment is made live", only=HISTORY,
    ),
    swap(
        "F-082e", RELEASE_CHANGES, NUMBERED,
        """
        connection.rows(
            Statement(
                seeded: "SELECT id, number, generation, snippet, bundle, player, signature FROM release "
                    + "WHERE environment_id = ? AND number = ?"), [.text(of: place.id), .integer(number)])
        """,
        "a rejected release is made live", only=APPROVAL,
    ),
    swap(
        "F-082f", RELEASE_CHANGES, "guard ‹release.id != present?.id› else", "true",
        "going back to what is live looks done", only=HISTORY,
    ),
    swap(
        "F-082g", RELEASE_CHANGES, '‹"release.restored"›', '"release.published"',
        "going back is audited as publishing", only=HISTORY,
    ),
    omit(
        "F-082h", RELEASE_PATHS,
        "‹call.effect.note(try await api.releases.secondsToKill(scope, in: environment))›\n"
        "                try await api.wait(live.generation, call)",
        "going back does not say until when caches may answer", only=HISTORY,
    ),
    swap(
        "F-082i", RELEASE_CHANGES, "isProposed = ‹environment.needsApproval && caller.person != nil›", "false",
        "what needs approval is live without", only=APPROVAL,
    ),
    swap(
        "F-082j", RELEASE_CHANGES, 'guard ‹!approve || caller.person.map({ "person/\\($0)" }) != maker› else', "true",
        "who proposed a release approves it", only=APPROVAL,
    ),
    swap(
        "F-082k", RELEASE_CHANGES, "guard ‹proposed.state == .proposed› else", "true",
        "a release is approved twice", only=APPROVAL,
    ),
    omit(
        "F-082l", RELEASES,
        "try await requirePublisher(caller, scope, try await storage.environment(ofRelease: number, of: scope))",
        "who may not publish to production approves for it", only=APPROVAL,
    ),
    swap(
        "F-082m", RELEASE_PATHS, "approve: ‹false›\n", "true",
        "rejecting a release puts it live", only=APPROVAL,
    ),
    omit(
        "F-082n", ENVIRONMENTS,
        "if let before, before.key != after?.key { try feed.set(.environment(before.key), nil) }",
        "an environment's old key still answers", only=PLACES,
    ),
    swap(
        "F-082o", ENVIRONMENTS, "‹archivedAt == nil› ? EnvironmentEntry", "true",
        "an archived environment still answers", only=PLACES,
    ),
    swap(
        "F-082p", RELEASE_CHANGES, "guard ‹environment.archivedAt == nil› else {\n", "true",
        "an archived environment is published into", only=PLACES,
    ),
    swap(
        "F-082q", ENVIRONMENTS, "guard ‹!present.isFixed || isArchived != true› else", "true",
        "production can be archived", only=PLACES,
    ),
    swap(
        "F-082r", ENVIRONMENTS, "guard ‹present.live == nil› else", "true",
        "an environment with a live release can be deleted", only=PLACES,
    ),
    swap(
        "F-082s", ENVIRONMENTS, "guard ‹!present.isFixed› else", "true",
        "production can be deleted", only=PLACES,
    ),
    swap(
        "F-082t", POLICY, "case .changeEnvironments, .switchStandardContent: ‹.member([.settings])›",
        ".member([.editContent])",
        "whoever edits makes environments", only=PLACES,
    ),
    swap(
        "F-082u", RELEASE_CHANGES, "caller.person == nil || ‹(record.suspendedAt == nil && record.closingAt == nil)›",
        "true",
        "a suspended client publishes", only=SUSPENDED,
    ),
    swap(
        "F-082v", RELEASE_ENDPOINTS, '"served": .bool(‹states.allSatisfy { $0.generation >= number }›)', "true",
        "a generation to come is said to be served", only=REACHED,
    ),
    swap(
        "F-082w", RELEASE_ENDPOINTS, "atMost: .seconds(‹call.waitSeconds ?? 0›))", "0",
        "who waits for a generation is answered at once", only=REACHED,
    ),
    omit(
        "F-082ae", RELEASE_ENDPOINTS,
        "call.effect.note(try await releases.secondsToKill(.client(client, system), in: environment))\n"
        "            ‹try await wait(live.generation, call)›",
        "publishing does not wait for the edges", only=REACHED,
    ),
    also(
        "F-082x", ENVIRONMENTS, "try connection.execute(EnvironmentSQL.delete, .time(now), .text(of: present.id))",
        """
        let unnamed = "UPDATE environment SET name = id WHERE id = ?"
        try connection.execute(Statement(seeded: unnamed), [.text(of: present.id)])
        """,
        "the releases of a deleted environment do not say what it was called", only=GONE,
    ),
    swap(
        "F-082y", RELEASE_CHANGES, "guard ‹!approve || environment.archivedAt == nil› else", "true",
        "a release is approved for an archived environment", only=GONE,
    ),
    swap(
        "F-082z", RELEASE_ENDPOINTS, 'repeated: { ‹$0["environment"] == "production"› ?', "false",
        "who may publish no more is told again what publishing came to", only=REPEATING,
    ),
    omit(
        "F-081l", ITEM_CHANGES,
        "try connection.insertRevision(record, change, content)\n"
        "            ‹try connection.keepAnswer(to: caller, record, at: now)›",
        "a repeated request restores once more", only=REPEATING,
    ),
    omit(
        "F-082aa", ENVIRONMENTS,
        "try connection.auditEnvironment(tenant, action, environment, by: caller, at: now)",
        "changes of environments are not audited", only=PLACES,
    ),
    omit(
        "F-082ab", ENVIRONMENTS, "‹try expecting(present)›\n            guard !present.isFixed || isArchived",
        "an environment that has changed meanwhile is changed", only=PLACES,
    ),
    swap(
        "F-082ac", ENVIRONMENTS, "guard try ‹workspace.addEnvironment(name, connection, at: now, runtime)› else",
        "workspace.addEnvironment(name, connection, at: now, runtime) || true",
        "making an environment that is there looks done", only=PLACES,
    ),
    omit(
        "F-082ad", RELEASE_CHANGES,
        "let answer = environment.live(release, feed.generation)\n"
        "                ‹try connection.keepAnswer(to: caller, answer, at: now)›",
        "a repeated request publishes once more", only=REPEATING,
    ),
    # What pages get, and the record of it
    swap(
        "F-083c", WORKSPACE, "‹.text(caller.auditName)›,\n            .text(of: event.tenant)", '.text("operator")',
        "who put a release live is not kept", only=PROVEN,
    ),
    swap(
        "F-083d", RELEASE_CHANGES,
        '"number": .integer(workspace.lastRelease), "snippet": .string(‹"\\(new.snippet)"›),', '"\\(new.player)"',
        "the audit names another script than was published", only=PROVEN,
    ),
    omit(
        "F-083e", RELEASE_CHANGES, BACK_WITHIN,
        "another client's live release is moved by its system's id", only=FOREIGN,
    ),
    swap("F-083e", ACCESS, ANY_SYSTEM, "true"),
    swap(
        "F-085b", EVIDENCE, "‹SystemType.supported›.map { ContentOwner.standard(partner.id, $0) }", "[SystemType]()",
        "the record leaves out when standard content changed", only=PROVEN,
    ),
    swap(
        "F-088b", EVIDENCE,
        "if ‹periods[last].served == served› { continue }",
        "served.outcome == .suspended || served.release == periods[last].served.release",
        "the record leaves suspensions out", only=PROVEN,
    ),
    omit(
        "F-088c", EVIDENCE, "periods[last].until = moment",
        "the periods of the record have no end", only=PROVEN,
    ),
    swap(
        "F-088d", "waymark/Commands/Evidence.swift", "previous = ‹Digest(of: JSONValue.object(line).canonical)›",
        'Digest(of: JSONValue.object(line.filter { $0.key != "previous" }).canonical)',
        "a line of the record does not vouch for those before it", only=PROVEN,
    ),
    swap(
        "F-088e", "waymark/Commands/Evidence.swift", '"integrity": .string(‹digest.integrity›),', '"sha256-\\(digest)"',
        "the record's integrities are none that browsers know", only=PROVEN,
    ),
    swap(
        "F-086", "Store/ExplanationQueries.swift", "let lookup = StoreLookup(connection: connection, moment: ‹moment›)",
        "nil",
        "the past is explained as the present", only=EXPLAINED,
    ),
    swap(
        "F-086b", "Publishing/Explanations.swift",
        "let isStaff = ‹(try? await access.partner(caller, partner, .readClients)) != nil›",
        "true",
        "whoever has signed in is told what any key leads to", only=EXPLAINED,
    ),
    swap(
        "F-086c", "Publishing/Explanations.swift", "at: system.id, ‹.readReleases›)", ".readAccount",
        "who reads no content is told what a key leads to", only=EXPLAINED,
    ),
    swap(
        "F-086d", "Store/ExplanationQueries.swift", "if let environment, ‹environment != .production›,", "false",
        "every environment is explained as production", only=EXPLAINED,
    ),
    swap(
        "F-086f", "Web/API/ContentRepresentation.swift", '"content": ‹isOwn ? "client" : "standard"›,',
        '"standard"',
        "a client's own content is called the standard content", only=EXPLAINED,
    ),
    swap(
        "F-086e", POLICY, "case .readReleases, .readEnvironments, .readStandardContent: ‹.member([.readContent])›",
        ".member([])",
        "an analyst reads releases", only=EXPLAINED,
    ),
    swap(
        "F-087", "Store/ExplanationQueries.swift", "try Self.liveSince($0, at: ‹moment›, connection)", "nil",
        "since when something was live is told as of now", only=EXPLAINED,
    ),
    omit(
        "F-087b", "Store/FeedQueries.swift",
        """\
try connection.execute(
                FeedSQL.keepPast,
                kind,
                .bytes(key.key),
                .integer(generation),
                .time(now),
                present[1],
                present[2],
                present[0]
            )""",
        "what was live before is not kept", only=EXPLAINED,
    ),
    # Standard content
    swap(
        "F-085c", STANDARD, "guard ‹reach <= Self.reachMax› else", "true",
        "standard content for many clients needs no confirmation", only=LISTED,
    ),
    swap(
        "F-085d", STANDARD, "if ‹confirm != record.key.text› {", "confirm == nil",
        "any word confirms standard content for many clients", only=LISTED,
    ),
    swap(
        "F-085e", STANDARD, "storage.reach(of: partner, type, atMost: ‹.max›))", "Self.reachMax",
        "a dry run counts a hundred clients at most", only=LISTED,
    ),
    swap(
        "D-9h", SOLUTIONS, "try ‹choices›.map { choice in", 'choices.sorted { "\\($0.solution)" < "\\($1.solution)" }',
        "standard content stands in the order in which its solutions were made", only=LISTED,
    ),
    swap(
        "D-9i", SOLUTIONS, "guard ‹version.withdrawnAt == nil› else", "true",
        "a withdrawn version becomes standard content", only=LISTED,
    ),
    swap(
        "D-18f", "Store/ClientQueries.swift", "standardContentOff: ‹standardContentOff›\n", "false",
        "standard content that is switched off is served", only=SWITCH,
    ),
    omit(
        "D-18g", STANDARD_STORED, "try feed.set(.mapping(key, record.systemClientID), record.entry)",
        "edges are not told that standard content is switched off", only=SWITCH,
    ),
    swap(
        "D-18h", STANDARD_STORED, "&& ‹$0.standardContentOff != isOff›", "!$0.standardContentOff",
        "standard content cannot be switched on again", only=SWITCH,
    ),
    omit(
        "D-18i", "Publishing/StandardContent.swift",
        "try await access.client(caller, client, at: one.id, .switchStandardContent)",
        "whoever has signed in switches standard content off", only=SWITCH,
    ),
    swap(
        "D-18m", STANDARD_STORED, "(‹system == nil || $0.id == system›) &&", "true",
        "switching standard content on for one system does so for all", only=SWITCH,
    ),
    omit(
        "D-18n", STANDARD_STORED,
        """\
try connection.audit(
                    .client(client),
                    isOff ? "standardContent.switchedOff" : "standardContent.switchedOn",
                    "system/\\(one.id)",
                    by: caller,
                    at: now
                )""",
        "switching standard content off is not audited", only=SWITCH,
    ),
    omit(
        "D-18j", WORKSPACE, "try connection.noteStandardChange(of: partner, type, at: now)",
        "clients are not told that standard content is another", only=TOLD,
    ),
    swap(
        "D-18k", "Store/StandardNotices.swift", "noticeDelay: Int64 = ‹5000›", "0",
        "clients are told of every publication in a row", only=TOLD,
    ),
    swap(
        "D-18l", "Store/StandardNotices.swift",
        """\
‹connection.rows(
                NoticeSQL.clients,
                notice[0],
                notice[2],
                notice[1],
                .integer(Self.noticedAtOnce)
            )›""",
        """
        connection.rows(
            Statement(
                seeded: "SELECT id FROM client WHERE partner_id = ? AND id > ? "
                    + "AND activated_at IS NOT NULL ORDER BY id LIMIT ?"),
            [notice[0], notice[2], .integer(Self.noticedAtOnce)])
        """,
        "clients that have switched standard content off are told of it", only=TOLD,
    ),
    # What was found by reading
    omit(
        "F-082ba", ENVIRONMENTS,
        """\
try connection.execute(
                EnvironmentSQL.rejectProposed,
                .text(caller.auditName),
                .time(now),
                .text(of: present.id)
            )""",
        "what waits for approval outlives its environment", only=OVERTAKEN,
    ),
    swap(
        "F-082bb", RELEASE_CHANGES, "guard ‹seen == live?.id› else", "true",
        "an approval replaces whatever went live meanwhile", only=OVERTAKEN,
    ),
    omit(
        "F-082bc", RELEASE_CHANGES,
        "try connection.refuseWithdrawn(try connection.versions(of: proposed.id), insteadOf: live)",
        "an approval brings a withdrawn version", only=OVERTAKEN,
    ),
    swap(
        "F-082bd", WORKSPACE, "try ‹connection.environments(of: id, owner).count > Storage.environmentsMax›", "false",
        "there may be any number of environments", only=FEW,
    ),
    swap(
        "F-082be", SOLUTIONS, "guard ‹Set(choices.map(\\.solution)).count == choices.count› else", "true",
        "standard content holds a solution twice", only=OVERTAKEN,
    ),
    swap(
        "D-3ba", "Gallery/Downloads.swift", "evenWithdrawn: ‹true›,", "false",
        "what is live cannot be taken once it is withdrawn", only=OVERTAKEN,
    ),
    omit(
        "D-15ba", RELEASES, "try await requireEnvironment(caller, environment, of: .client(client, system))",
        "who may publish to test makes environments", only=PUBLISHERS,
    ),
    swap(
        "D-18ba", "Publishing/StandardContent.swift", "‹relation?.reaches($0.system.id) ?? true›", "true",
        "a member is told of all systems' standard content", only=OWN_SYSTEMS,
    ),
    swap(
        "D-18bb", "Gallery/Advisories.swift", "seen.drafts.removeAll { ‹!relation.reaches($0.system)› }", "false",
        "a member is told of copies in all systems", only=OWN_SYSTEMS,
    ),
    swap(
        "D-18bc", "Publishing/Explanations.swift",
        "let sides = ‹Set((isMember ? [ExplanationSide.client] : []) + (isStaff ? [.partner] : []))›",
        "[ExplanationSide.client, .partner]",
        "a partner is told what its client is testing", only=SIDES,
    ),
    omit(
        "D-18bd", "Publishing/Explanations.swift", "explanation.publication?.by = nil",
        "a partner is told who of a client publishes", only=SIDES,
    ),
    swap(
        "F-088ba", "Store/ExplanationQueries.swift",
        "if try ‹keys.contains(where: { try lookup.environment($0) == .value(entry) })› {", "!keys.isEmpty",
        "an archived environment is explained", only=SIDES,
    ),
    swap(
        "F-083ba", EVIDENCE, "(try ‹former.map { try SystemClientID(try $0.text(0)) }›)", "[SystemClientID]()",
        "evidence begins with the present System Client ID", only=FOLLOWED,
    ),
    swap(
        "F-083bb", EVIDENCE, "guard ‹environmentKeys == nil || opening != nil› else", "true",
        "evidence is for times when no key led there", only=FOLLOWED,
    ),
    swap(
        "F-083bc", EVIDENCE, "guard ‹history.environmentKeys?.isEmpty != true› else", "true",
        "evidence is given of an environment that never was", only=FOLLOWED,
    ),
    omit(
        "D-4ba", "Store/Erasure.swift", "try eraseScripts(of: client, &feed)",
        "a closed client's scripts are kept", only=CLOSED,
    ),
    omit(
        "D-4bb", "Edge/Follower.swift", "await shelf?.forget(digest)",
        "an edge goes on serving what was erased", only=CLOSED,
    ),
    swap(
        "F-071ba", ARCHIVES, "return ‹Self.path(only, name)›", "near",
        "an archive's references to other folders lead nowhere", only=ACROSS,
    ),
    omit(
        "D-23ba", "Publishing/Releases+Clients.swift",
        "‹try await access.client(caller, client, of: partner, .publishForClient)›\n        let record",
        "any partner publishes for any client", only=FOR_CLIENT,
    ),
)
