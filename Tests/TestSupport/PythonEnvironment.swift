import Glibc
import Loop

/// A Python of a test's own, with packages from PyPI, in a folder that goes with it.
package final class PythonEnvironment {
  /// Why there is none: no Python, or no PyPI.
  package struct Unavailable: Error, CustomStringConvertible {
    package var description: String
  }

  private let folder: TemporaryFolder

  /// - Parameter requirement: what pip is to install, such as `faststream[redis]~=0.6.0`.
  package init(_ requirement: String) throws {
    folder = try TemporaryFolder()
    guard let python = Self.find("python3") else { throw Unavailable(description: "there is no python3") }
    let venv = folder.file("venv")
    try run(python, ["-m", "venv", venv], "make a virtual environment")
    let arguments = ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "20", requirement]
    try run(path, arguments, "install \(requirement)")
  }

  /// The interpreter.
  package var path: String { folder.file("venv/bin/python") }

  /// Starts a script.
  package func start(_ script: String, named name: String, environment: [String: String]) throws -> Child {
    let file = try folder.write(script, to: name)
    return try Child(path, [file], environment: Self.environment.merging(environment) { $1 }, output: 2)
  }

  private func run(_ program: String, _ arguments: [String], _ what: String) throws {
    let child = try Child(program, arguments, environment: Self.environment, output: 2)
    guard child.wait() == 0 else { throw Unavailable(description: "cannot \(what)") }
  }

  private static func find(_ name: String) -> String? {
    let folders = getenv("PATH").map { String(cString: $0).split(separator: ":") } ?? []
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// What tells Python and pip where things are, such as a proxy or certificates, is handed on.
  private static let environment: [String: String] = {
    var found: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
      next += 1
    }
    return found
  }()
}
