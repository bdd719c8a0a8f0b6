import Glibc

/// Who gives commands here.
enum Identity {
  /// `user@host`.
  static func `operator`(_ environment: [String: String]) -> String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let user = environment["USER"] ?? getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid\(getuid())"
    return "\(user)@\(host)"
  }
}
