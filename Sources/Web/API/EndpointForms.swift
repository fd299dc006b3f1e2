import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// The forms that endpoints have, so that each is written in a few lines.
extension Endpoint {
    /// Reads one thing.
    static func get(
        _ path: String,
        _ action: Action,
        _ summary: String,
        answer: String,
        query: [QueryParameter] = [],
        run: @escaping @Sendable (APICall) async throws -> JSONValue
    ) -> Endpoint {
        Endpoint(method: .get, path: path, action: action, summary: summary, query: query, answer: answer) { call in
            .ok(try await run(call))
        }
    }

    /// Reads a list.
    static func list(
        _ path: String,
        _ action: Action,
        _ summary: String,
        answer: String,
        query: [QueryParameter] = QueryParameter.list,
        run: @escaping @Sendable (APICall) async throws -> APIAnswer
    ) -> Endpoint {
        Endpoint(
            method: .get,
            path: path,
            action: action,
            summary: summary,
            query: query,
            answer: answer,
            isList: true,
            run: run
        )
    }

    /// Makes or does something whose answer is kept for repetitions.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - action: What it is.
    ///   - summary: What it does.
    ///   - body: The schema of its body; nil for none.
    ///   - example: An example of the body.
    ///   - status: The status of success.
    ///   - answer: The answer's schema; nil for an empty answer.
    ///   - query: What its query takes.
    ///   - render: The answer to what storage returned.
    ///   - run: Does it.
    /// - Returns: The endpoint.
    static func post<Result: Sendable>(
        _ path: String,
        _ action: Action,
        _ summary: String,
        body: JSONValue? = nil,
        example: JSONValue? = nil,
        status: HTTPResponse.Status = .created,
        answer: String?,
        query: [QueryParameter] = [],
        render: @escaping @Sendable (Result) -> APIAnswer,
        run: @escaping @Sendable (APICall) async throws -> Result
    ) -> Endpoint {
        Endpoint(
            method: .post,
            path: path,
            action: action,
            summary: summary,
            query: query,
            body: body,
            example: example,
            status: status,
            answer: answer,
            kept: { result in (result as? Result ?? (result as? [Result])?.first).map(render) },
            run: { render(try await run($0)) }
        )
    }

    /// Changes an editable thing: `If-Match` says which state the caller saw.
    static func patch(
        _ path: String,
        _ action: Action,
        _ summary: String,
        body: JSONValue,
        readOnly: [String: String] = [:],
        example: JSONValue? = nil,
        answer: String,
        run: @escaping @Sendable (APICall) async throws -> JSONValue
    ) -> Endpoint {
        Endpoint(
            method: .patch,
            path: path,
            action: action,
            summary: summary,
            body: body,
            readOnly: readOnly,
            example: example,
            needsMatch: true,
            answer: answer
        ) { call in .ok(try await run(call)) }
    }

    /// Puts a client into a state that can be put again, for a reason: suspension, closing.
    static func putReason(
        _ path: String,
        _ action: Action,
        _ summary: String,
        example: String,
        run: @escaping @Sendable (APICall, _ reason: String) async throws -> ClientRecord
    ) -> Endpoint {
        Endpoint(
            method: .put,
            path: path,
            action: action,
            summary: summary,
            body: APISchemas.object(["reason": APISchemas.reason]),
            example: ["reason": .string(example)],
            answer: "Client"
        ) { call in
            let client = try await run(call, try call.required("reason"))
            call.effect.note(client.secondsToKill)
            return .ok(Representation.client(client))
        }
    }

    /// Takes a client out of such a state.
    static func deleteState(
        _ path: String,
        _ action: Action,
        _ summary: String,
        run: @escaping @Sendable (APICall) async throws -> ClientRecord
    ) -> Endpoint {
        .delete(path, action, summary) { call in call.effect.note(try await run(call).secondsToKill) }
    }

    /// Invites somebody, or sends an invitation again.
    static func invite(
        _ path: String,
        _ action: Action,
        _ summary: String,
        body: JSONValue? = nil,
        example: JSONValue? = nil,
        run: @escaping @Sendable (APICall) async throws -> JoiningRecord
    ) -> Endpoint {
        // Without a location: an invitation is read in its list.
        .post(
            path,
            action,
            summary,
            body: body,
            example: example,
            answer: "Invitation",
            render: { .created(Representation.invitation($0), at: "") },
            run: run
        )
    }

    /// Ends something.
    static func delete(
        _ path: String,
        _ action: Action,
        _ summary: String,
        query: [QueryParameter] = [],
        needsMatch: Bool = false,
        run: @escaping @Sendable (APICall) async throws -> Void
    ) -> Endpoint {
        Endpoint(
            method: .delete,
            path: path,
            action: action,
            summary: summary,
            query: query,
            needsMatch: needsMatch,
            status: .noContent
        ) { call in
            try await run(call)
            return .done
        }
    }
}
