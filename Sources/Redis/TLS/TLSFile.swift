import Glibc

/// Files that TLS needs.
enum TLSFile {
  static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }

  static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

  /// Says in words why a file cannot be read, before OpenSSL says it in its own.
  static func checkReadable(_ path: String) throws(TLSFailure) {
    guard status(path) != nil, access(path, R_OK) == 0 else {
      throw .unreadable(file: path, reason: String(cString: strerror(errno)))
    }
    guard isFile(path) else { throw .unreadable(file: path, reason: "it is no file") }
  }

  /// The names in a folder, in order; nil, with errno set, if it cannot be read.
  static func names(in folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { names.append(String(cString: $0)) }
      }
    }
    return names.sorted()
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func kind(_ path: String) -> mode_t? { status(path).map { $0.st_mode & S_IFMT } }
}
