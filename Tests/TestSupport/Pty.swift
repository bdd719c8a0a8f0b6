import CLinux
import Glibc

/// A pair of pseudo-terminals: the test is the terminal, the other end is what the console opens.
package final class Pty {
  package private(set) var master: Int32
  /// Held open so that modes can be looked at after the console has closed its own.
  package let slave: Int32
  /// Where it is to be opened.
  package let path: String

  package init(rows: UInt16 = 24, columns: UInt16 = 80) {
    master = vigia_open_pty()
    path = "/dev/pts/\(vigia_pty_number(master))"
    slave = vigia_open_terminal(path)
    _ = vigia_set_nonblocking(master)
    resize(rows: rows, columns: columns)
  }

  deinit {
    hangUp()
    Glibc.close(slave)
  }

  /// Closes the terminal's side: what the end of an SSH session looks like to the other.
  package func hangUp() {
    if master >= 0 { Glibc.close(master) }
    master = -1
  }

  package func resize(rows: UInt16, columns: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = vigia_set_window_size(master, &size)
  }

  /// A descriptor of its own for the console.
  package func open() -> Int32 { vigia_open_terminal(path) }

  /// All that was written to the terminal and not taken yet.
  package func take() -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(master, &buffer, buffer.count)
      guard count > 0 else { return all }
      all += buffer[..<count]
    }
  }

  package func takeText() -> String { String(decoding: take(), as: UTF8.self) }

  package func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(master, bytes, bytes.count)
  }

  /// Sets the modes that shells edit a line in.
  package func setSane() {
    var attributes = termios()
    tcgetattr(slave, &attributes)
    attributes.c_lflag |= tcflag_t(ICANON | ECHO | ISIG)
    attributes.c_iflag |= tcflag_t(ICRNL)
    _ = tcsetattr(slave, TCSANOW, &attributes)
  }

  /// The modes of the terminal, as bytes that can be compared.
  package var modes: [UInt8] {
    var attributes = termios()
    tcgetattr(slave, &attributes)
    let flags = [attributes.c_iflag, attributes.c_oflag, attributes.c_cflag, attributes.c_lflag]
    return flags.flatMap { withUnsafeBytes(of: $0, Array.init) } + withUnsafeBytes(of: attributes.c_cc, Array.init)
  }
}
