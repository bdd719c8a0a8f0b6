import ArgumentParser
import Glibc
import Screen

/// Asks for a password on the terminal that the process belongs to, wherever its input comes from.
enum PasswordPrompt {
  /// In bytes.
  private static let longest = 4096

  /// - Throws: if there is no terminal, or if the user leaves by Ctrl-C or Ctrl-D.
  static func ask(_ prompt: String) throws -> String {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw ValidationError("--ask-password needs a terminal; without one use --password-file")
    }
    defer { close(terminal) }
    var former = termios()
    guard tcgetattr(terminal, &former) == 0 else { throw ValidationError("--ask-password: /dev/tty is no terminal") }
    // Keys that end or stop the process come as bytes, so that it never leaves the terminal without its echo.
    var silent = former
    silent.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG)
    tcsetattr(terminal, TCSAFLUSH, &silent)
    say(Scrubber.display(prompt), on: terminal)
    defer {
      tcsetattr(terminal, TCSAFLUSH, &former)
      say("\n", on: terminal)
    }
    return try readLine(from: terminal)
  }

  private static func readLine(from terminal: Int32) throws -> String {
    var bytes: [UInt8] = []
    while bytes.count < longest {
      var byte: UInt8 = 0
      let count = read(terminal, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { throw ExitCode(1) }
      switch byte {
      case 3, 4, 28: throw ExitCode(130)
      case 10, 13:
        guard let password = String(validating: bytes, as: UTF8.self) else { throw ValidationError("that is no UTF-8") }
        return password
      case 8, 127: removeLast(of: &bytes)
      case 21: bytes.removeAll()
      default: bytes.append(byte)
      }
    }
    throw ValidationError("a password has at most \(longest) bytes")
  }

  /// The last character, of however many bytes.
  private static func removeLast(of bytes: inout [UInt8]) {
    while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
  }

  private static func say(_ text: String, on terminal: Int32) {
    let bytes = Array(text.utf8)
    _ = write(terminal, bytes, bytes.count)
  }
}
