import CLinux
import Glibc
import Screen
import Terminal

/// A pair of pseudo-terminals: the test is the terminal, the other end is what the console opens.
final class Pty {
  let master: Int32
  /// Held open so that modes can be looked at after the console has closed its own.
  let slave: Int32
  private let path: String

  init(rows: UInt16 = 24, columns: UInt16 = 80) {
    master = vigia_open_pty()
    path = "/dev/pts/\(vigia_pty_number(master))"
    slave = vigia_open_terminal(path)
    _ = vigia_set_nonblocking(master)
    resize(rows: rows, columns: columns)
  }

  deinit {
    Glibc.close(master)
    Glibc.close(slave)
  }

  func resize(rows: UInt16, columns: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = vigia_set_window_size(master, &size)
  }

  /// A descriptor of its own for the console.
  func open() -> Int32 { vigia_open_terminal(path) }

  /// All that was written to the terminal and not taken yet.
  func take() -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(master, &buffer, buffer.count)
      guard count > 0 else { return all }
      all += buffer[..<count]
    }
  }

  func takeText() -> String { String(decoding: take(), as: UTF8.self) }

  func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(master, bytes, bytes.count)
  }

  /// The modes of the terminal, as bytes that can be compared.
  var modes: [UInt8] {
    var attributes = termios()
    tcgetattr(slave, &attributes)
    let flags = [attributes.c_iflag, attributes.c_oflag, attributes.c_cflag, attributes.c_lflag]
    return flags.flatMap { withUnsafeBytes(of: $0, Array.init) } + withUnsafeBytes(of: attributes.c_cc, Array.init)
  }
}

extension Pty {
  /// A console's terminal on this pair.
  func terminal(
    _ environment: [String: String] = ["TERM": "xterm-256color", "LANG": "C.UTF-8"],
    options: Terminal.Options = Terminal.Options()
  ) throws -> Terminal {
    try Terminal(environment: environment, options: options, descriptor: open())
  }
}

/// A grid with a line of text in each of its first rows.
func grid(_ lines: [String], rows: Int = 24, columns: Int = 80, role: Role = .text) -> Grid {
  var grid = Grid(size: Size(rows: rows, columns: columns))
  for (row, line) in lines.enumerated() { grid.draw(line, in: grid.bounds.line(row), role: role) }
  return grid
}
