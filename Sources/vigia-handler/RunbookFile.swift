import Glibc

/// The file that `--runbook` names.
enum RunbookFile {
  /// The numbers of the lines that hold more than blanks and a comment; nil, with errno set, where it cannot be read.
  static func lines(of path: String) throws -> [Int]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    guard ferror(file) == 0 else { return nil }
    let blanks: Set<UInt8> = [32, 9, 13]
    return bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated().compactMap { number, line in
      guard let first = line.first(where: { !blanks.contains($0) }), first != UInt8(ascii: "#") else { return nil }
      return number + 1
    }
  }
}
