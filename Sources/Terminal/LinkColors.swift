import CNcurses
import Screen

/// Links (OSC 8) for an ncurses that knows none: to it a link is a colour of its own, and so it repaints, moves and ends
/// links as it does colours. Where it sets such a colour, the role's own and the link are sent instead.
///
/// ```
///  cell with a link ─▶ pair of a number that no role uses ─▶ ncurses ─▶ "set colour 254" ─▶ role's colour, OSC 8 ; ; address
///                                                             any other colour ─▶ OSC 8 ; ;  and the colour
/// ```
struct LinkColors {
  /// A text in one role that leads somewhere.
  private struct Link: Hashable {
    var address: String
    var role: Role
  }

  private struct Slot {
    /// What ncurses takes for a colour, and its pair.
    let number: Int16
    let pair: Int16
    var link: Link?
    /// What sets the role's own foreground.
    var foreground: [UInt8] = []
  }

  /// More links than these on one screen are plain text: they stand under the key as well.
  static let most = 16

  private let palette: Palette
  private var slots: [Slot] = []
  private var slotOfSequence: [[UInt8]: Int] = [:]
  /// The slot whose colour ncurses has set last. Between frames the link is ended: others may write then.
  private var open: Int?
  private var isUsed = false
  /// The links of the grid before: their cells may still have the colours that they were given.
  private var shown: Set<Link> = []

  /// Takes numbers that no role uses; none if the terminal has no palette to take them from.
  init(_ palette: Palette) {
    self.palette = palette
    guard palette.depth >= .indexed, Capabilities.colors >= 256 else { return }
    let used = Set(palette.pairs.flatMap { [$0.foreground, $0.background] })
    let free = (Int16(16)..<256).reversed().filter { !used.contains($0) }
    for (index, number) in free.prefix(Self.most).enumerated() {
      guard let sequence = vigia_color_sequence("setaf", Int32(number)) else { return }
      slotOfSequence[Array(String(cString: sequence).utf8)] = index
      slots.append(Slot(number: number, pair: Int16(palette.pairs.count + 1 + index)))
    }
  }

  /// Gives each link of a grid that is about to be drawn a colour; those that are still shown keep theirs.
  mutating func prepare(_ grid: Grid) {
    guard !grid.links.isEmpty || isUsed else { return }
    let wanted = links(of: grid)
    let kept = Set(slots.compactMap { $0.link }).intersection(wanted)
    let taken = wanted.union(shown)
    defer { shown = wanted }
    for link in wanted.subtracting(kept).sorted(by: { ($0.address, $0.role.rawValue) < ($1.address, $1.role.rawValue) })
    {
      // The colour that is set now would not be set again by ncurses.
      guard let slot = slots.indices.first(where: { $0 != open && !(slots[$0].link.map(taken.contains) ?? false) })
      else { return }
      let pair = palette.pair(of: link.role)
      guard init_pair(slots[slot].pair, slots[slot].number, pair?.background ?? -1) == OK else { continue }
      slots[slot].link = link
      slots[slot].foreground = Self.foreground(pair?.foreground)
      isUsed = true
    }
  }

  /// The pair of a link's text; nil if it has none.
  func pair(of address: String, _ role: Role) -> Int16? {
    let link = Link(address: address, role: role)
    return slots.first { $0.link == link }?.pair
  }

  /// The bytes of a frame with links for the colours that stand for them.
  mutating func mark(_ bytes: [UInt8]) -> [UInt8] {
    guard isUsed, !bytes.isEmpty else { return bytes }
    var marked = open.map(opening) ?? []
    var rest = bytes[...]
    while let start = rest.firstIndex(of: 0x1B) {
      marked += rest[..<start]
      rest = rest[start...]
      guard let sequence = Self.rendition(rest) else {
        marked.append(rest.removeFirst())
        continue
      }
      rest = rest[sequence.endIndex...]
      if let slot = slotOfSequence[Array(sequence)] {
        marked += (open == nil ? [] : Self.end) + opening(slot)
        open = slot
      } else {
        if open != nil, Self.setsForeground(sequence) {
          marked += Self.end
          open = nil
        }
        marked += sequence
      }
    }
    marked += rest
    return open == nil ? marked : marked + Self.end
  }

  /// Forgets the colour that was set: ncurses sets it anew after it has given the screen back.
  mutating func reset() { open = nil }

  // MARK: Sequences

  static let end = Array("\u{1B}]8;;\u{1B}\\".utf8)

  private func opening(_ slot: Int) -> [UInt8] {
    guard let link = slots[slot].link else { return [] }
    // Parts of a link that are written one after the other are one by its id.
    return slots[slot].foreground + Array("\u{1B}]8;id=vigia-\(slot);\(link.address)\u{1B}\\".utf8)
  }

  private static func foreground(_ number: Int16?) -> [UInt8] {
    guard let number, let sequence = vigia_color_sequence("setaf", Int32(number)) else {
      return Array("\u{1B}[39m".utf8)
    }
    return Array(String(cString: sequence).utf8)
  }

  /// The sequence at the beginning if it is `CSI … m`.
  private static func rendition(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard bytes.dropFirst().first == UInt8(ascii: "[") else { return nil }
    let end = bytes.dropFirst(2).firstIndex { !(0x30...0x3B).contains($0) }
    guard let end, bytes[end] == UInt8(ascii: "m") else { return nil }
    return bytes[...end]
  }

  /// Whether `CSI … m` changes the colour of letters, or all of it (0, or nothing).
  private static func setsForeground(_ sequence: ArraySlice<UInt8>) -> Bool {
    let numbers = sequence.dropFirst(2).dropLast()
      .split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      .map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
    // What follows 48 is no number of its own.
    let own = numbers.prefix { $0 != 48 }
    return own.contains { $0 == 0 || (30...39).contains($0) || (90...97).contains($0) }
  }

  private func links(of grid: Grid) -> Set<Link> {
    var links: Set<Link> = []
    guard !grid.links.isEmpty else { return links }
    for row in 0..<grid.size.rows {
      for cell in grid.row(row) {
        if let address = grid.address(of: cell) { links.insert(Link(address: address, role: cell.role)) }
      }
    }
    return links
  }
}
