import Loop
import Redis

/// A Python of a test's own, with packages from PyPI, in a folder that goes with it.
package final class PythonEnvironment {
  /// Why there is none: no Python, or no PyPI.
  package struct Unavailable: Error, CustomStringConvertible {
    package var description: String
  }

  /// What tells Python and pip where things are, such as a proxy or certificates, is handed on.
  private static let environment = Child.inheritedEnvironment

  private let folder: TemporaryFolder

  /// - Parameter requirement: what pip is to install, such as `faststream[redis]~=0.6.0`.
  package init(_ requirement: String) throws {
    folder = try TemporaryFolder()
    guard let python = PrivateServer.find("python3", path: Self.environment["PATH"] ?? "") else {
      throw Unavailable(description: "there is no python3")
    }
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
}
