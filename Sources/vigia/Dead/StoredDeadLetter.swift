import Console
import FleetModel
import Redis
import Screen
import Wire

/// Something that could not be handled, as it stands in `agentos:dead`: fields `source`, `id`, `reason`, `__data__`.
struct StoredDeadLetter {
  let id: StreamID
  /// The key that it came from.
  let source: [UInt8]
  /// Its id there, if it had one.
  let sourceID: [UInt8]?
  let reason: [UInt8]
  /// The original bytes.
  let data: [UInt8]?

  /// Reads an element of XRANGE's answer.
  init?(_ reply: Reply) {
    guard let parts = reply.elements, parts.count == 2, let id = parts[0].bytes.flatMap({ StreamID($0) }) else {
      return nil
    }
    let fields = parts[1].pairs
    func value(_ name: String) -> [UInt8]? { fields.last { $0.name == Array(name.utf8) }?.value }
    self.id = id
    source = value("source") ?? []
    sourceID = value("id")
    reason = value("reason") ?? []
    data = fields.last { $0.name == Keys.dataField }?.value
  }

  /// Id, age, source, reason, and the beginning of the bytes.
  func line(at now: Instant) -> String {
    let age = Format.age(now - id.instant)
    let place = origin.isEmpty ? "-" : origin
    let reason = Scrubber.display(reason)
    // Enough for 60 columns of anything but what is there to fill screens.
    let start = TextWidth.prefix(Scrubber.display((data ?? []).prefix(4096)), columns: 60).0
    return ["\(id)", age, place, reason.isEmpty ? "-" : reason, start].joined(separator: "  ")
  }

  /// All of it, line by line.
  func lines(at now: Instant) -> [String] {
    [
      "id      \(id)",
      "since   \(ISO8601.format(id.instant)), \(Format.age(now - id.instant))",
      "source  \(origin)",
      "reason  \(Scrubber.display(reason))",
      data.map { "bytes   \($0.count)" } ?? "bytes   none",
    ] + (data.map { [Scrubber.display($0)] } ?? [])
  }

  var json: JSONValue {
    [
      "id": .string("\(id)"), "at": .string(ISO8601.format(id.instant)), "source": .string(source),
      "entry": sourceID.map { .string($0) }, "reason": .string(reason), "data": data.map { .string($0) },
    ]
  }

  private var origin: String {
    Scrubber.display(source) + (sourceID.map { " " + Scrubber.display($0) } ?? "")
  }
}
