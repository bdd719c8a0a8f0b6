import FleetModel

/// What a command is a part of, as it stands in commands, audit lines and marks:
/// `{"id":"01890a5d-…","part":1,"parts":3}`.
package enum BatchCoding {
  package static func json(_ batch: Batch) -> JSONValue {
    [
      "id": .string(batch.id.text), "part": .integer(Int64(batch.part)), "parts": .integer(Int64(batch.parts)),
    ]
  }

  /// Nil if it names no id that a command could have, or no part out of at most ``Batch/mostParts``.
  package static func decode(_ json: JSONValue) -> Batch? {
    guard let id = json["id"]?.bytes, Keys.isCommandID(id), let part = json["part"]?.int,
      let parts = json["parts"]?.int, (1...Batch.mostParts).contains(parts), (1...parts).contains(part)
    else { return nil }
    return Batch(id: CommandID(String(decoding: id, as: UTF8.self)), part: part, parts: parts)
  }
}
