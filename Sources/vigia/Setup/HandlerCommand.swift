import ArgumentParser
import Glibc

/// `vigia handler`: becomes the daemon that lies beside this program.
struct HandlerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handler", abstract: "Run the handler, which acts on commands (vigia-handler beside this program).",
    discussion: "All arguments are passed on; see vigia handler --help.")

  @Argument(parsing: .captureForPassthrough, help: "Arguments of vigia-handler.") var arguments: [String] = []

  func run() throws { try Self.become(arguments) }

  /// Goes on as the daemon.
  static func become(_ arguments: [String]) throws {
    guard let program = program else { throw Exit.failed.saying("vigia-handler is not beside this program") }
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, &argv)
    throw Exit.failed.saying("start \(program): \(String(cString: strerror(errno)))")
  }

  /// The daemon's file.
  static var program: String? {
    ownPath.map { path in path[..<(path.lastIndex(of: "/") ?? path.startIndex)] + "/vigia-handler" }.flatMap {
      access($0, X_OK) == 0 ? $0 : nil
    }
  }

  /// This program's own file.
  static var ownPath: String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    return length > 0 ? String(decoding: buffer[..<length], as: UTF8.self) : nil
  }
}
