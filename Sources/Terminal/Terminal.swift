import Glibc
import Screen

/// The operator's terminal: shows grids, gives bytes, and is left as it was found.
///
/// A class because there is one terminal, whose modes must be put back once. Nothing in it waits: frames go to the
/// terminal as it takes them, and while one is under way no other is begun. ncurses draws into memory.
///
/// ```
///  grid ─▶ changed rows ─▶ ncurses ─▶ memory ─▶ output ─▶ terminal     (at most one frame under way)
/// ```
package final class Terminal {
  /// How the console is to look; nil means what the environment says.
  package struct Options: Sendable {
    package var ascii: Bool?
    package var colors: ColorDepth?
    package var theme: Theme

    package init(ascii: Bool? = nil, colors: ColorDepth? = nil, theme: Theme = .plain) {
      self.ascii = ascii
      self.colors = colors
      self.theme = theme
    }
  }

  /// What a read found.
  package enum ReadResult: Equatable, Sendable {
    case bytes([UInt8])
    case nothing
    /// The terminal was closed: there is nobody to show anything to.
    case gone
  }

  package let isUTF8: Bool
  package let glyphs: Glyphs
  package let keyTable: KeySequenceTable
  package let depth: ColorDepth
  /// What the operator should know, such as an unknown `TERM`.
  package let warning: String?
  package private(set) var size: Size

  private let device: Device
  private var painter: Painter
  private let palette: Palette
  private let modes: Modes
  private let environment: [String: String]
  private var output = Output()
  private var shown: Grid?
  private var phase = Phase.shown
  private var needsModes = true
  /// Whether anything was shown: only then there is a screen to give back.
  private var hasScreen = false
  private var isSynchronized = false
  private var stray: StrayOutput?

  private enum Phase {
    case shown, suspended, closed
  }

  /// Opens the process's terminal and takes its screen.
  package convenience init(environment: [String: String], options: Options) throws(TerminalError) {
    if environment["TERM"] == "dumb" { throw .incapable(type: "dumb") }
    Terminal.installCrashRestore()
    try self.init(environment: environment, options: options, descriptor: Device.openOwn())
    stray = StrayOutput()
  }

  /// Opens a given terminal, whose descriptor is owned from here on and set not to wait.
  package init(environment: [String: String], options: Options, descriptor: Int32) throws(TerminalError) {
    let device = try Device(descriptor: descriptor)
    let kind = try TerminalType(environment: environment)
    isUTF8 = LocaleChoice.apply(environment: environment)
    var painter = try Painter(types: kind.candidates, isUTF8: isUTF8)
    guard Capabilities.canPlaceText else { throw .incapable(type: kind.name) }
    warning = kind.warning()
    depth = options.colors ?? ColorDepth(environment: environment, capability: Capabilities.colors)
    palette = Palette(theme: options.theme, depth: min(depth, ColorDepth(most: Capabilities.colors)))
    glyphs = options.ascii ?? !(isUTF8 && kind.hasGlyphs) ? .ascii : .unicode
    keyTable = Capabilities.keyTable()
    modes = Modes(isQueryable: kind.isQueryable)
    size = Terminal.measure(device, environment)
    painter.use(palette)
    if modes.isQueryable, LinkSupport.isTold(by: environment) { painter.useLinks(palette) }
    painter.resize(size)
    self.environment = environment
    Terminal.armCrashRestore(
      descriptor: device.descriptor, attributes: device.found, reset: Terminal.reset(painter, modes))
    self.painter = painter
    try device.makeRaw()
    self.device = device
  }

  deinit { close() }

  /// What to wait on for keys.
  package var descriptor: Int32 { device.descriptor }

  /// Bytes that the terminal has taken since it was opened.
  package var bytesWritten: Int { output.written }

  /// Whether bytes wait for the terminal to take them.
  package var wantsWrite: Bool { !output.isEmpty }

  /// Whether the last frame is still under way: drawing another would be for nothing.
  package var isCongested: Bool { !output.isEmpty }

  /// Takes what has come from the terminal; never waits.
  package func read() -> ReadResult {
    var transfer = Device.Transfer.wouldBlock
    let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      transfer = device.read(into: UnsafeMutableRawBufferPointer(buffer))
      if case .bytes(let read) = transfer { count = read }
    }
    switch transfer {
    case .bytes: return .bytes(bytes)
    case .wouldBlock: return .nothing
    case .gone: return .gone
    }
  }

  /// Shows a grid, as far as it differs from what is shown; leaves it out while the last frame is under way.
  package func present(_ grid: Grid) {
    guard phase == .shown, output.isEmpty else { return }
    if shown?.size != grid.size { painter.erase() }
    painter.prepare(grid)
    // Cells know their links by number: what is behind a number may have changed.
    let areLinksSame = shown?.links == grid.links
    for row in 0..<min(grid.size.rows, size.rows)
    where shown.map({ !areLinksSame || grid.differs(from: $0, row: row) }) ?? true {
      painter.put(row: row, of: grid, palette: palette)
    }
    shown = grid
    if needsModes {
      needsModes = false
      hasScreen = true
      output.append(painter.begin() + modes.on)
    } else {
      let frame = painter.frame()
      output.append(isSynchronized && !frame.isEmpty ? Modes.beginFrame + frame + Modes.endFrame : frame)
    }
    flush()
  }

  /// Puts bytes on the operator's clipboard (OSC 52), if the terminal lets programs do so.
  package func copy(_ bytes: [UInt8]) {
    guard phase == .shown else { return }
    output.append(Array("\u{1B}]52;c;".utf8) + Self.base64(bytes) + [0x07])
    flush()
  }

  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return stride(from: 0, to: bytes.count, by: 3).flatMap { start -> [UInt8] in
      let three = bytes[start..<min(start + 3, bytes.count)]
      let number = three.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - three.count))
      return (0..<4).map { place in
        place <= three.count ? letters[number >> (18 - 6 * place) & 63] : UInt8(ascii: "=")
      }
    }
  }

  /// Writes what the terminal takes now.
  package func flush() { output.flush(to: device) }

  /// Notes what the terminal answered about its modes: frames are marked only if it knows the marks.
  package func note(_ report: ModeReport) {
    if report.mode == ModeReport.synchronizedOutput { isSynchronized = report.isSwitchable }
  }

  /// Notes what the terminal calls itself: from the next frame on text leads somewhere if it knows such text.
  package func note(_ name: TerminalName) {
    guard phase != .closed, modes.isQueryable, LinkSupport.isTold(by: name), painter.linkEnd.isEmpty else { return }
    painter.useLinks(palette)
    shown = nil
    Terminal.armCrashRestore(
      descriptor: device.descriptor, attributes: device.found, reset: Terminal.reset(painter, modes))
  }

  /// What a crash sends: it ends what was cut off, and gives the screen back.
  private static func reset(_ painter: borrowing Painter, _ modes: Modes) -> [UInt8] {
    [0x18] + painter.linkEnd + modes.off + Capabilities.reset()
  }

  /// Takes over the terminal's present size, after SIGWINCH.
  package func resize() {
    size = Terminal.measure(device, environment)
    shown = nil
    if phase == .shown { painter.resize(size) }
  }

  /// Gives the terminal back for a while; the caller stops the process then.
  package func suspend() {
    guard phase == .shown else { return }
    phase = .suspended
    leave()
  }

  /// Takes the terminal again, at its present size; the next frame paints everything. Also after a stop that came
  /// without notice: the shell has had the terminal meanwhile.
  package func resume() {
    guard phase != .closed else { return }
    // ncurses takes the screen again only if it has given it back.
    if phase == .shown { _ = painter.end() }
    phase = .shown
    needsModes = true
    // A terminal that is gone shows when it is read.
    try? device.makeRaw()
    resize()
  }

  /// Gives the terminal back for good; a second call does nothing.
  package func close() {
    guard phase != .closed else { return }
    if phase == .shown { leave() }
    phase = .closed
    Terminal.disarmCrashRestore()
    stray?.release()
  }

  /// Sends what ends the console's screen, waiting a moment at most, and puts the modes back.
  private func leave() {
    let isCut = output.drop()
    // CAN ends a sequence that was cut off in the middle. Where nothing was shown, nothing is taken back.
    if hasScreen { output.append((isCut ? [0x18] + painter.linkEnd : []) + modes.off + painter.end()) }
    hasScreen = false
    for _ in 0..<3 where wantsWrite {
      flush()
      if wantsWrite { _ = device.waitWritable(milliseconds: 100) }
    }
    _ = output.drop()
    device.dropInput()
    device.restore()
  }

  private static func measure(_ device: borrowing Device, _ environment: [String: String]) -> Size {
    let rows = environment["LINES"].flatMap { Int($0) }
    let columns = environment["COLUMNS"].flatMap { Int($0) }
    let stated = rows.flatMap { rows in columns.map { Size(rows: rows, columns: $0) } }
    let size = device.size ?? stated ?? Capabilities.size ?? Size(rows: 24, columns: 80)
    // ncurses and the grid hold every cell: a size beyond any screen would only take memory.
    return Size(rows: min(max(1, size.rows), 500), columns: min(max(1, size.columns), 1000))
  }
}
