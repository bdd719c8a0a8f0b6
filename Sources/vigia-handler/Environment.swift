import CLinux
import RedisArguments

extension Environment {
  /// All of it. Of a name that is there twice the first counts, as for getenv.
  static var all: [String: String] {
    var values: [String: String] = [:]
    guard var next = vigia_environment() else { return values }
    while let entry = next.pointee {
      let pieces = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pieces.count == 2, values[String(pieces[0])] == nil { values[String(pieces[0])] = String(pieces[1]) }
      next += 1
    }
    return values
  }
}
