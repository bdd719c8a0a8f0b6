import Glibc
import Loop
import Redis
import TestSupport

/// A run of one of the built programs.
final class Program {
  let child: Child
  private let output: UnsafeMutablePointer<FILE>
  private let errors: UnsafeMutablePointer<FILE>

  /// How a run ended.
  struct Result: Equatable {
    var status: Int32
    var output: String
    var errors: String

    init(_ status: Int32, _ output: String = "", errors: String = "") {
      self.status = status
      self.output = output
      self.errors = errors
    }
  }

  /// Starts a program, with the server in its environment.
  ///
  /// - Parameters:
  ///   - wrapper: a program that starts it, and that program's arguments.
  ///   - name: which of the built programs.
  init(
    _ arguments: [String], on endpoint: Endpoint? = nil, environment: [String: String] = [:],
    through wrapper: [String] = [], name: String = "vigia"
  ) throws {
    var environment = environment
    environment["PATH"] = "/usr/bin:/usr/local/bin:/bin"
    if let endpoint, case .tcp(let host, let port) = endpoint.address {
      let password = endpoint.password.map { ":\($0)@" } ?? ""
      environment["VIGIA_REDIS"] = "redis://\(password)\(host):\(port)"
    }
    output = tmpfile()
    errors = tmpfile()
    let words = wrapper + ["\(Self.folder)/\(name)"] + arguments
    child = try Child(
      words[0], Array(words.dropFirst()), environment: environment, output: fileno(output), error: fileno(errors))
  }

  deinit {
    fclose(output)
    fclose(errors)
  }

  /// Runs it to its end.
  static func run(
    _ arguments: String..., on endpoint: Endpoint? = nil, environment: [String: String] = [:]
  ) throws -> Result {
    try Program(arguments, on: endpoint, environment: environment).finish()
  }

  /// What it has written so far.
  var outputSoFar: String { Self.text(output) }

  var errorsSoFar: String { Self.text(errors) }

  /// A file as text; nil where it cannot be read.
  static func contents(of path: String, limit: Int = .max) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: min(limit, 65_536))
    let length = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(length), as: UTF8.self)
  }

  /// Waits for the end.
  func finish() -> Result {
    let status = child.wait()
    return Result(status, Self.text(output), errors: Self.text(errors))
  }

  static let folder = BuildFolder.path

  static func text(_ file: UnsafeMutablePointer<FILE>) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let length = pread(fileno(file), &chunk, chunk.count, off_t(bytes.count))
      guard length > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<length]
    }
  }
}
