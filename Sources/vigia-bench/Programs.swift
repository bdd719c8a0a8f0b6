import ArgumentParser
import Glibc
import Loop
import Redis

/// The built programs, which lie beside this one.
enum Programs {
  static func path(_ name: String) throws -> String {
    let path = folder + "/" + name
    guard access(path, X_OK) == 0 else {
      throw Mismatch("\(name) is not beside vigia-bench; build it first: swift build -c release")
    }
    return path
  }

  /// This program's own file.
  static let own: String = {
    var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &path, path.count)
    return String(decoding: path[..<max(0, length)], as: UTF8.self)
  }()

  private static var folder: String { String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]) }

  /// Starts `vigia-handler` for a server; its log goes nowhere.
  ///
  /// - Parameters:
  ///   - hasRules: whether the built-in runbook is its own, or none.
  ///   - settings: its configuration file; nil for none.
  ///   - arguments: others of its own.
  static func startHandler(
    _ port: UInt16, id: String = "bench", hasRules: Bool = false, settings: String? = nil,
    arguments: [String] = []
  ) throws -> Child {
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    return try Child(
      path("vigia-handler"),
      ["--id", id, "--redis", "redis://127.0.0.1:\(port)"] + (hasRules ? [] : ["--runbook", "/dev/null"])
        + (settings.map { ["--config", $0] } ?? []) + arguments,
      environment: [:], output: null,
      error: null)
  }
}
