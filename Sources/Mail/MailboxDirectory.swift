public import Domain
import Foundation

/// Mail as files, for machines without a mail server and for tests: `DIR/new/<milliseconds>-<message id>.eml`.
///
/// The files hold live links and codes: they, and the folders, are for their owner alone. One process writes.
public struct MailboxDirectory: MailTransport {
    let path: String
    private let queue = DispatchQueue(label: "mailbox")

    /// Uses a directory, or makes it.
    ///
    /// - Parameter path: The directory, `DIR`; what it stands in must exist.
    /// - Throws: `invalid` where it can't be made.
    public init(path: String) throws(Refusal) {
        self.path = path
        for folder in [path, path + "/tmp", path + "/new"] {
            // The folders within are ours, and made private again; a `DIR` that was there stays as it is.
            let isMade = mkdir(folder, 0o700) == 0
            let isPrivate = isMade || errno == EEXIST && (folder == path || chmod(folder, 0o700) == 0)
            var information = stat()
            guard isPrivate, stat(folder, &information) == 0, information.st_mode & S_IFMT == S_IFDIR,
                !isMade || sync(folder + "/..")
            else {
                throw Refusal(.invalid, "The mail directory '\(folder)' cannot be made or used.", field: "mail")
            }
        }
    }

    /// Writes a message; on return it is on the disk. The same message again takes the place of the first.
    ///
    /// - Parameter message: What to write.
    /// - Throws: A fault that is not permanent where the file can't be written.
    public func deliver(_ message: MailMessage) async throws(MailFault) {
        let written: Result<Void, MailFault> = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(MailFault) in try write(message) })
            }
        }
        try written.get()
    }

    private func write(_ message: MailMessage) throws(MailFault) {
        let name = "\(message.date.milliseconds)-\(message.messageID).eml"
        let temporary = "\(path)/tmp/\(name)"
        // What a crash has left of an earlier attempt goes, so that the mode is ours.
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw fault() }
        let isWritten = writeAll(message.encoded(), to: file) && fsync(file) == 0
        let failure = errno
        close(file)
        guard isWritten else {
            unlink(temporary)
            errno = failure
            throw fault()
        }
        guard rename(temporary, "\(path)/new/\(name)") == 0 else { throw fault() }
        guard sync(path + "/new") else { throw fault() }
    }

    /// Makes the names in a folder last: a file's name is on the disk only when its folder is.
    private func sync(_ folder: String) -> Bool {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    private func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func fault() -> MailFault {
        let cause = String(cString: strerror(errno))
        return MailFault(isPermanent: false, reason: "The mail directory cannot be written: \(cause).")
    }
}
