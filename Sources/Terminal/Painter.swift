import CLinux
import CNcurses
import Glibc
import Screen

/// ncurses, drawing into a file in memory: it finds the shortest way from frame to frame and never meets the terminal.
///
/// One at a time: ncurses keeps its state in globals.
struct Painter: ~Copyable {
  private let screen: OpaquePointer
  private let output: UnsafeMutablePointer<FILE>
  private let input: UnsafeMutablePointer<FILE>
  private let memory: Int32
  /// What stands for a glyph that the C library does not know: `?` if only ASCII can be written.
  private let replacement: UInt32
  private var colors = DirectColors()
  private var links: LinkColors?

  /// Opens the first of these terminal types that the database knows.
  init(types: [String], isUTF8: Bool) throws(TerminalError) {
    memory = vigia_memory_file("vigia-screen")
    guard memory >= 0, let output = fdopen(memory, "w"), let input = fopen("/dev/null", "re") else {
      throw .failed(operation: "memory for the screen", cause: systemError())
    }
    var opened: OpaquePointer?
    for type in types where opened == nil { opened = vigia_newterm(type, output, input) }
    guard let screen = opened else {
      fclose(output)
      fclose(input)
      throw .unknownType(type: types.first ?? "")
    }
    self.screen = screen
    self.output = output
    self.input = input
    replacement = isUTF8 ? 0xFFFD : 0x3F
    vigia_prepare_window()
    // Until its first end ncurses writes at every move of the cursor.
    endwin()
    _ = drain()
  }

  deinit {
    delscreen(screen)
    fclose(output)
    fclose(input)
  }

  /// Sets up one colour pair a role, as far as the terminal has colours.
  mutating func use(_ palette: Palette) {
    guard palette.depth != .none, start_color() == OK else { return }
    colors = DirectColors(palette.mixed)
    let hasDefaults = use_default_colors() == OK
    for entry in palette.pairs {
      let foreground = entry.foreground ?? (hasDefaults ? -1 : 7)
      let background = entry.background ?? (hasDefaults ? -1 : 0)
      init_pair(entry.number, foreground, background)
    }
  }

  /// Shows where text leads to from here on; the palette must be in use.
  mutating func useLinks(_ palette: Palette) {
    if links == nil { links = LinkColors(palette) }
  }

  /// What ends a link that was cut off; nothing if there are none.
  var linkEnd: [UInt8] { links == nil ? [] : LinkColors.end }

  /// Gets ready for the links of a grid, before its rows are put.
  mutating func prepare(_ grid: Grid) { links?.prepare(grid) }

  /// Tells ncurses a new size; it repaints everything.
  func resize(_ size: Size) {
    resizeterm(Int32(size.rows), Int32(size.columns))
    vigia_redraw_all()
  }

  /// Writes one row of a grid into ncurses's picture.
  func put(row: Int, of grid: Grid, palette: Palette) {
    withUnsafeTemporaryAllocation(of: vigia_glyph.self, capacity: grid.size.columns) { glyphs in
      var count = 0
      for cell in grid.row(row) where !cell.isContinuation {
        var look = palette[cell.role]
        if let links, let address = grid.address(of: cell), let pair = links.pair(of: address, cell.role) {
          look.pair = pair
        }
        glyphs.initializeElement(
          at: count,
          to: vigia_make_glyph(cell.base, cell.firstMark, cell.secondMark, look.attributes, look.pair, cell.width))
        count += 1
      }
      vigia_put_row(Int32(row), glyphs.baseAddress, Int32(count), replacement)
    }
  }

  func erase() { vigia_erase() }

  /// The bytes that bring the terminal from the last frame to this one.
  mutating func frame() -> [UInt8] {
    vigia_refresh()
    let bytes = drain()
    return colors.mix(links?.mark(bytes) ?? bytes)
  }

  /// The bytes that take the screen and show the first frame on it.
  mutating func begin() -> [UInt8] { withoutPaletteReset(frame()) }

  /// The bytes that leave the alternate screen and bring the cursor back.
  mutating func end() -> [UInt8] {
    endwin()
    links?.reset()
    return withoutPaletteReset(drain())
  }

  /// ncurses sets the palette back to the terminal's own (OSC 104) although nothing here changes it: the user may have.
  private func withoutPaletteReset(_ bytes: [UInt8]) -> [UInt8] {
    guard let reset = Capabilities.string("oc"), !reset.isEmpty else { return bytes }
    var kept: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.first {
      if rest.starts(with: reset) {
        rest = rest.dropFirst(reset.count)
      } else {
        kept.append(byte)
        rest = rest.dropFirst()
      }
    }
    return kept
  }

  private func drain() -> [UInt8] {
    let length = lseek(memory, 0, SEEK_CUR)
    guard length > 0 else { return [] }
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      count = max(0, pread(memory, buffer.baseAddress, length, 0))
    }
    ftruncate(memory, 0)
    lseek(memory, 0, SEEK_SET)
    return bytes
  }
}
