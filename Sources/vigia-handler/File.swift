import Glibc

/// A file to be read whole.
enum File {
  /// Whether others than its owner and group may read or write it.
  static func isOpenToOthers(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & 0o006 != 0
  }

  /// Its bytes; nil, with errno set, if it cannot be read.
  ///
  /// - Parameter limit: after so many bytes the rest is left unread.
  static func read(_ path: String, upTo limit: Int = .max) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while bytes.count < limit, case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
      bytes += buffer[..<count]
    }
    return ferror(file) == 0 ? bytes : nil
  }
}
