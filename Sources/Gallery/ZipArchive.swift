import CZlib
package import Domain

/// ZIP archives (APPNOTE.TXT 6.3) as content travels in: files of JSON, stored or deflated; nothing encrypted, nothing in
/// several parts, no ZIP64.
///
/// Archives come from outside: every length and offset is checked before it is used, and no more is unpacked than the
/// limits allow, whatever the archive says of itself.
package enum ZipArchive {
    /// The most files that are read.
    package static let filesMax = 2500
    /// The most bytes that are unpacked of all files together.
    static let bytesMax = 32 << 20

    private static let localSignature: UInt32 = 0x0403_4B50
    private static let centralSignature: UInt32 = 0x0201_4B50
    private static let endSignature: UInt32 = 0x0605_4B50

    // MARK: Reading

    /// The files of an archive, in the order of its directory; folders are left out.
    ///
    /// - Parameters:
    ///   - bytes: The archive.
    ///   - fileBytesMax: The most bytes that one file may have.
    /// - Returns: Names and bytes.
    /// - Throws: `invalid` for what is no such archive, `tooLong` for one beyond a limit.
    package static func files(in bytes: [UInt8], fileBytesMax: Int) throws(Refusal) -> [ContentFile] {
        let directory = try directory(of: bytes)
        var reader = ByteReader(bytes, at: directory.offset)
        var files: [ContentFile] = []
        var names: Set<[UInt8]> = []
        var left = bytesMax
        for _ in 0..<directory.count {
            let entry = try Entry(&reader)
            if entry.name.last == UInt8(ascii: "/"), entry.size == 0 { continue }
            guard let name = String(validating: entry.name, as: UTF8.self) else {
                throw damaged("a file's name is no UTF-8")
            }
            guard names.insert(entry.name).inserted else { throw damaged("'\(name.prefix(80))' stands in it twice") }
            guard entry.size <= fileBytesMax else {
                throw Refusal(
                    .tooLong,
                    "'\(name.prefix(80))' has \(entry.size) bytes; at most \(fileBytesMax) are read."
                )
            }
            guard files.count < filesMax else {
                throw Refusal(.tooLong, "The archive has more than \(filesMax) files.")
            }
            left -= entry.size
            guard left >= 0 else { throw Refusal(.tooLong, "The archive unpacks to more than \(bytesMax) bytes.") }
            files.append(ContentFile(path: name, bytes: try content(of: entry, in: bytes, name)))
        }
        return files
    }

    /// What the directory says of one file.
    private struct Entry {
        let method: UInt16
        let checksum: UInt32
        let packed: Int
        let size: Int
        let offset: Int
        let name: [UInt8]

        init(_ reader: inout ByteReader) throws(Refusal) {
            guard try reader.number32() == ZipArchive.centralSignature else {
                throw ZipArchive.damaged("its directory is not where it should be")
            }
            try reader.skip(4)
            let flags = try reader.number16()
            guard flags & 1 == 0 else { throw ZipArchive.damaged("a file in it is encrypted") }
            method = try reader.number16()
            try reader.skip(4)
            checksum = try reader.number32()
            packed = Int(try reader.number32())
            size = Int(try reader.number32())
            let nameBytes = Int(try reader.number16())
            let moreBytes = Int(try reader.number16()) + Int(try reader.number16())
            try reader.skip(8)
            offset = Int(try reader.number32())
            name = try reader.bytes(nameBytes)
            try reader.skip(moreBytes)
        }
    }

    /// The directory's place: told by the record at the very end, which a comment of at most 65,535 bytes may follow.
    private static func directory(of bytes: [UInt8]) throws(Refusal) -> (offset: Int, count: Int) {
        let recordBytes = 22
        var place = bytes.count - recordBytes
        let last = max(0, place - Int(UInt16.max))
        while place >= last, place >= 0 {
            var reader = ByteReader(bytes, at: place)
            if bytes[place] == UInt8(ascii: "P"), try reader.number32() == endSignature {
                let disks = try (reader.number16(), reader.number16())
                let counts = try (reader.number16(), reader.number16())
                try reader.skip(4)
                let offset = Int(try reader.number32())
                let comment = Int(try reader.number16())
                guard disks == (0, 0), counts.0 == counts.1, counts.0 != .max,
                    place + recordBytes + comment == bytes.count
                else { throw damaged("its end is not what the end of an archive in one part is") }
                return (offset, Int(counts.0))
            }
            place -= 1
        }
        throw damaged("it has no end record")
    }

    private static func content(of entry: Entry, in bytes: [UInt8], _ name: String) throws(Refusal) -> [UInt8] {
        var reader = ByteReader(bytes, at: entry.offset)
        guard try reader.number32() == localSignature else {
            throw damaged("'\(name.prefix(80))' is not where the directory says")
        }
        try reader.skip(22)
        let skipped = Int(try reader.number16()) + Int(try reader.number16())
        try reader.skip(skipped)
        let packed = try reader.bytes(entry.packed)
        let content: [UInt8]
        switch entry.method {
        case 0: content = packed
        case 8: content = try inflated(packed, to: entry.size, name)
        default: throw damaged("'\(name.prefix(80))' is packed in a way that is not supported")
        }
        guard content.count == entry.size, checksum(content) == entry.checksum else {
            throw damaged("'\(name.prefix(80))' is not what its checksum says")
        }
        return content
    }

    /// Unpacks to exactly `size` bytes, never to more.
    private static func inflated(_ packed: [UInt8], to size: Int, _ name: String) throws(Refusal) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw damaged("'\(name.prefix(80))' cannot be unpacked")
        }
        defer { inflateEnd(&stream) }
        var input = packed
        // One byte more than there should be: what wants it is too large.
        var output = [UInt8](repeating: 0, count: size + 1)
        let result = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(clamping: source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(clamping: target.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        guard result == Z_STREAM_END, Int(stream.total_out) == size else {
            throw damaged("'\(name.prefix(80))' does not unpack to the \(size) bytes that the directory says")
        }
        output.removeLast()
        return output
    }

    private static func damaged(_ reason: String) -> Refusal {
        Refusal(.invalid, "This is no ZIP archive that can be read: \(reason).")
    }

    // MARK: Writing

    /// An archive of files, deflated; the same files make the same bytes.
    package static func archive(_ files: [ContentFile]) -> [UInt8] {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for file in files {
            let name = Array(file.path.utf8)
            let packed = deflated(file.bytes)
            let body = packed ?? file.bytes
            var common: [UInt8] = []
            // Version 2.0, names in UTF-8, the method, and 1980-01-01 as the time: the first that there is.
            for value in [20, 1 << 11, packed == nil ? 0 : 8, 0, 0x21] as [UInt16] { append(value, to: &common) }
            append(checksum(file.bytes), to: &common)
            append(UInt32(truncatingIfNeeded: body.count), to: &common)
            append(UInt32(truncatingIfNeeded: file.bytes.count), to: &common)
            append(UInt16(truncatingIfNeeded: name.count), to: &common)
            append(UInt16(0), to: &common)
            append(centralSignature, to: &directory)
            append(UInt16(20), to: &directory)
            directory += common
            for value in [0, 0, 0] as [UInt16] { append(value, to: &directory) }
            append(UInt32(0), to: &directory)
            append(UInt32(truncatingIfNeeded: archive.count), to: &directory)
            directory += name
            append(localSignature, to: &archive)
            archive += common + name + body
        }
        let offset = archive.count
        archive += directory
        append(endSignature, to: &archive)
        for value in [0, 0, UInt16(files.count), UInt16(files.count)] { append(value, to: &archive) }
        append(UInt32(truncatingIfNeeded: directory.count), to: &archive)
        append(UInt32(truncatingIfNeeded: offset), to: &archive)
        append(UInt16(0), to: &archive)
        return archive
    }

    private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        UInt32(
            truncatingIfNeeded: bytes.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32(clamping: $0.count)) }
        )
    }

    /// nil where deflating makes nothing smaller.
    private static func deflated(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
                == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count)
        let result = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(clamping: source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(clamping: target.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        return result == Z_STREAM_END ? Array(output.prefix(Int(stream.total_out))) : nil
    }
}

/// Reads numbers and bytes in order, and never past the end.
private struct ByteReader {
    private let all: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], at position: Int) {
        all = bytes
        self.position = position
    }

    mutating func bytes(_ count: Int) throws(Refusal) -> [UInt8] {
        try skip(count)
        return Array(all[(position - count)..<position])
    }

    mutating func skip(_ count: Int) throws(Refusal) {
        guard count >= 0, position >= 0, position <= all.count, count <= all.count - position else {
            throw Refusal(.invalid, "This is no ZIP archive that can be read: it ends too early.")
        }
        position += count
    }

    mutating func number16() throws(Refusal) -> UInt16 {
        try skip(2)
        return UInt16(all[position - 2]) | UInt16(all[position - 1]) << 8
    }

    mutating func number32() throws(Refusal) -> UInt32 {
        UInt32(try number16()) | UInt32(try number16()) << 16
    }
}
