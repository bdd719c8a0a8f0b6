import CLinux
import CNcurses
import Glibc
import Screen

/// The terminal as a file: its modes, and reading and writing that never wait.
struct Device: ~Copyable {
  let descriptor: Int32
  private let saved: termios

  /// Opens the process's terminal anew: an open file of its own, so that not waiting is not passed on to the shell.
  static func openOwn() throws(TerminalError) -> Int32 {
    guard isatty(STDOUT_FILENO) == 1 else { throw .noTerminal(cause: "standard output is not a terminal") }
    var descriptor = vigia_open_terminal("/dev/tty")
    if descriptor < 0, let name = ttyname(STDOUT_FILENO) { descriptor = vigia_open_terminal(name) }
    guard descriptor >= 0 else { throw .noTerminal(cause: "/dev/tty: \(systemError())") }
    return descriptor
  }

  /// Takes over an open descriptor of a terminal, an open file of its own: it is set not to wait.
  init(descriptor: Int32) throws(TerminalError) {
    var attributes = termios()
    guard tcgetattr(descriptor, &attributes) == 0 else {
      let cause = systemError()
      Glibc.close(descriptor)
      throw .noTerminal(cause: cause)
    }
    _ = vigia_set_nonblocking(descriptor)
    self.descriptor = descriptor
    saved = attributes
  }

  deinit { Glibc.close(descriptor) }

  /// Every key as a byte, every byte as it is: no echo, lines, signals, flow control or translation.
  ///
  /// From the background it stops the process until the shell brings it to the fore, as SIGTTOU does by default.
  func makeRaw() throws(TerminalError) {
    var raw = saved
    raw.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | INPCK | PARMRK | IXON)
    raw.c_oflag &= ~tcflag_t(OPOST)
    raw.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
    raw.c_cflag = raw.c_cflag & ~tcflag_t(CSIZE | PARENB) | tcflag_t(CS8)
    withUnsafeMutableBytes(of: &raw.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    while tcsetattr(descriptor, TCSANOW, &raw) != 0 {
      guard errno == EINTR else { throw .noTerminal(cause: systemError()) }
    }
  }

  /// Puts back the modes that were found.
  func restore() {
    var attributes = saved
    _ = vigia_set_termios(descriptor, &attributes)
  }

  /// The modes that were found, for who restores them in a crash.
  var found: termios { saved }

  /// Throws away what was not read: the rest of a paste or of an answer must not reach the shell.
  func dropInput() { tcflush(descriptor, TCIFLUSH) }

  /// Rows and columns, nil if the terminal does not know.
  var size: Size? {
    var window = winsize()
    guard vigia_window_size(descriptor, &window) == 0, window.ws_row > 0, window.ws_col > 0 else { return nil }
    return Size(rows: Int(window.ws_row), columns: Int(window.ws_col))
  }

  /// What a read or a write came to.
  enum Transfer: Equatable {
    case bytes(Int)
    case wouldBlock
    case gone
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    if count > 0 { return .bytes(count) }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? .wouldBlock : .gone
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    if count >= 0 { return .bytes(count) }
    return errno == EAGAIN || errno == EINTR ? .wouldBlock : .gone
  }

  /// Waits until the terminal takes output, at most so many milliseconds.
  func waitWritable(milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&entry, 1, milliseconds) == 1 && entry.revents & Int16(POLLOUT) != 0
  }
}

/// The text of `errno`.
func systemError() -> String { String(cString: strerror(errno)) }
