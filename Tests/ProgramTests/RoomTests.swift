import TestThreads
import Testing

/// The rooms of the handler, as `Sources/ARCHITECTURE.md` draws them: which folder may know of which.
@Suite(.threaded) struct RoomTests {
  private static let root = "Sources/Handler"

  /// A room's path below the handler; what lies in none is the root, `Handler`.
  private struct Room: Hashable, Comparable {
    var name: String

    static func < (left: Room, right: Room) -> Bool { left.name < right.name }
  }

  private struct File {
    var room: Room
    var code: String
  }

  private static func files(in folder: String, _ room: Room) throws -> [File] {
    try Repository.files(in: folder).flatMap { name -> [File] in
      guard !name.hasSuffix(".swift") else {
        return [File(room: room, code: code(of: try Repository.text(of: "\(folder)/\(name)")))]
      }
      guard !name.contains(".") else { return [] }
      let inner = room.name == "Handler" ? name : "\(room.name)/\(name)"
      return try files(in: "\(folder)/\(name)", Room(name: inner))
    }
  }

  /// A source without its comments and texts: types are named there, too.
  private static func code(of source: String) -> String {
    var isInText = false
    return source.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      var rest = line[...]
      var code = ""
      while let quote = rest.firstRange(of: "\"") {
        if !isInText { code += rest[..<quote.lowerBound] }
        isInText.toggle()
        rest = rest[quote.upperBound...]
      }
      if !isInText { code += rest }
      return String(code.prefix(upTo: code.firstRange(of: "//")?.lowerBound ?? code.endIndex))
    }.joined(separator: "\n")
  }

  private static func words(_ text: some StringProtocol) -> [Substring] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { Substring($0) }
  }

  /// The room of each type that is declared at the top of a file.
  private static func declarations(_ files: [File]) -> [Substring: Room] {
    var rooms: [Substring: Room] = [:]
    for file in files {
      for line in file.code.split(separator: "\n") where line.first?.isLetter == true && !line.hasPrefix("private") {
        let words = words(line)
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias"]
        guard let kind = words.prefix(3).firstIndex(where: { kinds.contains($0) }), kind + 1 < words.count else {
          continue
        }
        rooms[words[kind + 1]] = file.room
      }
    }
    return rooms
  }

  /// Which room mentions types of which.
  private static func arrows() throws -> [Room: Set<Room>] {
    let files = try files(in: root, Room(name: "Handler"))
    let declarations = declarations(files)
    var arrows: [Room: Set<Room>] = [:]
    for file in files {
      let found = Set(words(file.code)).compactMap { declarations[$0] }.filter { $0 != file.room }
      arrows[file.room, default: []].formUnion(found)
    }
    return arrows
  }

  /// The lines `room → room, room` behind the heading of the rooms.
  private static func drawn() throws -> [Room: Set<Room>] {
    let text = try Repository.text(of: "Sources/ARCHITECTURE.md")
    let picture = try #require(
      text.components(after: "## Rooms of the handler").first?.split(separator: "```").dropFirst().first)
    var arrows: [Room: Set<Room>] = [:]
    for line in picture.split(separator: "\n").dropFirst() {
      let sides = line.split(separator: "→").map { $0.filter { $0 != " " } }
      let targets = sides.count > 1 ? sides[1].split(separator: ",").map { Room(name: String($0)) } : []
      arrows[Room(name: sides[0].filter { $0 != "∅" })] = Set(targets)
    }
    return arrows
  }

  @Test func everyArrowIsDrawn() throws {
    let drawn = try Self.drawn()
    let arrows = try Self.arrows()
    #expect(Set(arrows.keys) == Set(drawn.keys), "each room is drawn, and no other")
    for (room, targets) in arrows.sorted(by: { $0.key < $1.key }) {
      let missing = targets.subtracting(drawn[room] ?? []).sorted()
      #expect(missing.isEmpty, "\(room.name) → \(missing.map(\.name)) is not drawn")
      let extra = (drawn[room] ?? []).subtracting(targets).sorted()
      #expect(extra.isEmpty, "\(room.name) → \(extra.map(\.name)) is drawn, and nothing needs it")
    }
  }

  @Test func roomsHaveNoCircle() throws {
    var arrows = try Self.arrows()
    #expect(arrows.count > 10)
    while let leaf = arrows.first(where: { $0.value.isDisjoint(with: arrows.keys) }) { arrows[leaf.key] = nil }
    #expect(arrows.isEmpty, "rooms in a circle: \(arrows.keys.map(\.name).sorted())")
  }
}
