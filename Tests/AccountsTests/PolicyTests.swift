import Accounts
import Authorization
import Domain
import Foundation
import TestSupport
import Testing

/// The authorization matrix against a second one, `matrix.txt`, which was written by hand from `domain.md` so that the
/// code's table does not test itself (`trust.md`, Tenancy).
struct PolicyTests {
    private let matrix: Matrix

    init() throws {
        matrix = try Matrix(Matrix.file())
    }

    @Test("every action has a line, every line is an action, everybody has a column")
    func lines() {
        #expect(matrix.unknown.isEmpty, "no actions, or twice: \(matrix.unknown)")
        let missing = Action.allCases.filter { action in !matrix.answers.contains { $0.question.action == action } }
        #expect(missing.isEmpty, "without a line: \(missing)")
        let roles = ClientRole.allCases.map(Standing.member) + StaffRole.allCases.map(Standing.staff)
        #expect(Matrix.columns.map(\.value) == [.anonymous, .operator, .stranger] + roles)
    }

    @Test("every cell is what the policy decides for a session")
    func sessions() {
        expectNone(matrix.differences(from: .standard).filter { $0.question.scopes == nil })
    }

    @Test("a token does what its scopes and its owner's role both allow, and nothing that takes a session")
    func tokens() {
        expectNone(matrix.differences(from: .standard).filter { $0.question.scopes != nil })
    }

    private func expectNone(_ differences: [Difference]) {
        let lines = differences.prefix(80).map(\.description).joined(separator: "\n")
        #expect(differences.isEmpty, "\(differences.count) differences, such as\n\(lines)")
    }

    @Test("a change of the policy is noticed")
    func mutations() {
        let (changes, unnoticed) = Self.mutate(against: matrix)
        print("Mutations of the policy: \(changes) that change a decision, \(unnoticed.count) unnoticed.")
        #expect(changes >= 50)
        #expect(unnoticed.isEmpty, "\(unnoticed.joined(separator: "\n"))")
    }

    @Test("a broken cell is a difference; mutations that concern a missing line go unnoticed")
    func brokenTable() throws {
        let known = matrix.differences(from: .standard).count
        let text = try Matrix.file()
        for action in [Action.readMe, .inviteStaff, .changeSystem, .closeClient] {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(action) ") })
            let broken = try Matrix(text.replacing(line, with: line.replacing(" 401 ", with: " yes ")))
            #expect(broken.differences(from: .standard).count == known + 1)
        }
        var blind = matrix
        let blinded = Action.allCases.filter { $0.requirement == .member([.settings]) }
        blind.answers.removeAll { blinded.contains($0.question.action) }
        let unnoticed = Self.mutate(against: blind).unnoticed
        #expect(!unnoticed.isEmpty)
        let names = blinded.map(\.rawValue) + ["settings"]
        #expect(unnoticed.allSatisfy { change in names.contains { change.contains($0) } })
    }

    /// Changes the policy in one place, again and again; counts the changes by which any decision is another, and names
    /// those of them that a table does not notice.
    private static func mutate(against matrix: Matrix) -> (changes: Int, unnoticed: [String]) {
        var generator = SplitMix(state: 7)
        let known = matrix.differences(from: .standard)
        let standard = Question.all.map(Policy.standard.decide)
        var seen: Set<String> = []
        var unnoticed: [String] = []
        var changes = 0
        for _ in 0..<200 {
            var policy = Policy.standard
            let change = policy.mutate(&generator)
            guard seen.insert(change).inserted, Question.all.map(policy.decide) != standard else { continue }
            changes += 1
            if matrix.differences(from: policy) == known { unnoticed.append(change) }
        }
        return (changes, unnoticed)
    }
}

/// A question to the policy: may somebody do something, by a session or by a token of some scopes?
private struct Question: Equatable, CustomStringConvertible {
    let action: Action
    let standing: Standing
    /// A token's; nil for a session.
    let scopes: Set<Right>?

    static let all = Action.allCases.flatMap { action in
        Matrix.columns.flatMap { Question.all(of: action, $0.value) }
    }

    /// By a session, and by tokens of no scope, of each alone, and of all.
    static func all(of action: Action, _ standing: Standing) -> [Question] {
        let isPerson = standing != .anonymous && standing != .operator
        return [Question(action: action, standing: standing, scopes: nil)]
            + (isPerson ? tokens.map { Question(action: action, standing: standing, scopes: $0) } : [])
    }

    private static let tokens: [Set<Right>] = [[], Set(Right.allCases)] + Right.allCases.map { [$0] }

    var description: String {
        let column = Matrix.columns.first { $0.value == standing }?.key ?? ""
        guard let scopes else { return "\(action) \(column)" }
        return "\(action) \(column), token of \(scopes.count > 1 ? "all" : scopes.first?.rawValue ?? "no") scopes"
    }
}

/// Where the table and a policy differ.
private struct Difference: Equatable, CustomStringConvertible {
    let question: Question
    let table: Policy.Decision
    let policy: Policy.Decision

    var description: String { "\(question): \(table) in matrix.txt, \(policy) by the policy" }
}

extension Policy {
    fileprivate func decide(_ question: Question) -> Decision {
        decide(question.action, question.standing, scopes: question.scopes)
    }

    /// Changes one right of a role, or one requirement; says which.
    fileprivate mutating func mutate(_ generator: inout SplitMix) -> String {
        func one<Value>(of values: [Value]) -> Value { values[Int.random(in: values.indices, using: &generator)] }
        let right = one(of: Right.allCases)
        let action = one(of: Action.allCases)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1:
            let role = one(of: ClientRole.allCases)
            clientRights[role, default: []].formSymmetricDifference([right])
            return "the right '\(right)' of \(role) turned around"
        case 2, 3:
            let role = one(of: StaffRole.allCases)
            staffRights[role, default: []].formSymmetricDifference([right])
            return "the right '\(right)' of \(role) turned around"
        case 4:
            requirements[action] = nil
            return "\(action) without a requirement"
        default:
            let others: [Requirement] = [
                .anyone, .signedIn, .session, .sessionWith(right), .staff(nil), .staff(right), .member([]),
                .member([right]),
            ]
            let requirement = one(of: others)
            requirements[action] = requirement
            return "\(action) with the requirement \(requirement)"
        }
    }
}

/// The table in `matrix.txt`.
private struct Matrix {
    /// What the table says to a question.
    struct Answer {
        let question: Question
        let decision: Policy.Decision
    }

    /// A line that cannot be read.
    struct Fault: Error {
        let line: Substring
    }

    /// The columns, as the table's head has them.
    static let columns: KeyValuePairs<Substring, Standing> = [
        "any": .anonymous, "opr": .operator, "str": .stranger,
        "Adm": .member(.admin), "SyM": .member(.systemManager), "CoM": .member(.contentManager),
        "Pub": .member(.publisher), "Bui": .member(.builder), "Cre": .member(.contentCreator),
        "Vie": .member(.contentViewer), "Ana": .member(.analyst), "Tra": .member(.translator),
        "PAd": .staff(.partnerAdmin), "ClM": .staff(.clientManager), "PBu": .staff(.partnerBuilder),
        "PPu": .staff(.partnerPublisher), "PVi": .staff(.partnerViewer),
    ]

    private static let words: [Substring: Policy.Decision] = [
        "yes": .allowed, "401": .unauthenticated, "403": .forbidden, "404": .notFound,
    ]

    var answers: [Answer] = []
    /// Names that are no action's, or stand twice.
    var unknown: [Substring] = []

    static func file() throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return try String(contentsOf: folder.appending(path: "matrix.txt"), encoding: .utf8)
    }

    init(_ text: String) throws {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        for (number, line) in lines.enumerated() {
            let words = line.split(separator: " ")
            guard words.count == Self.columns.count + 2 else { throw Fault(line: line) }
            let cells = words.dropFirst().dropLast()
            if number == 0 {
                guard cells.elementsEqual(Self.columns.map(\.key)) else { throw Fault(line: line) }
                continue
            }
            guard let action = Action(rawValue: String(words[0])),
                !answers.contains(where: { $0.question.action == action })
            else {
                unknown.append(words[0])
                continue
            }
            for (column, word) in zip(Self.columns, cells) {
                guard let cell = Self.words[word] else { throw Fault(line: line) }
                answers += Question.all(of: action, column.value).map { question in
                    Answer(question: question, decision: Self.decision(question, cell, words[words.count - 1]))
                }
            }
        }
    }

    /// A token reaches no further than its owner, and only as far as its scopes. What it needs is `free`, `session`, or
    /// a right; of two rights, the second is the System Manager's or the Translator's.
    private static func decision(_ question: Question, _ cell: Policy.Decision, _ token: Substring) -> Policy.Decision {
        guard let scopes = question.scopes, cell == .allowed, token != "free" else { return cell }
        let rights = token.split(separator: ",")
        let takesLast: [Standing] = [.member(.systemManager), .member(.translator)]
        let needed = takesLast.contains(question.standing) ? rights.last : rights.first
        return scopes.contains { $0.rawValue[...] == needed } ? .allowed : .forbidden
    }

    /// Where a policy decides otherwise.
    func differences(from policy: Policy) -> [Difference] {
        answers.compactMap { answer in
            let decision = policy.decide(answer.question)
            guard decision != answer.decision else { return nil }
            return Difference(question: answer.question, table: answer.decision, policy: decision)
        }
    }
}
