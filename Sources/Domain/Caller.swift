/// Who asks for an operation. Every operation takes one and checks it in one place.
public enum Caller: Sendable {
    /// Whoever runs this deployment, by command on its machine.
    case `operator`
}

extension Caller {
    /// Refuses everyone but the operator.
    public func requireOperator() throws(Refusal) {
        switch self {
        case .operator: return
        }
    }
}
