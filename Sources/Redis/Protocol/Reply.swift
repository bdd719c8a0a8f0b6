import FleetModel

/// What the server answered, whole. For single answers; streams and messages are read without one.
package indirect enum Reply: Equatable, Sendable {
  case null
  case integer(Int64)
  case status(String)
  case string([UInt8])
  case array([Reply])
  case error(ServerError)

  package var isNull: Bool { self == .null }

  /// A whole number, or text that is one; beyond the bounds of ``Bounded`` it counts as the bound.
  package var integer: Int64? {
    switch self {
    case .integer(let value): Int64(Bounded.int(value))
    case .string(let bytes): Bounded.int(bytes).map { Int64($0) }
    case .null, .status, .array, .error: nil
    }
  }

  package var bytes: [UInt8]? {
    switch self {
    case .string(let bytes): bytes
    case .status(let text): Array(text.utf8)
    case .null, .integer, .array, .error: nil
    }
  }

  package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  package var elements: [Reply]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  package var error: ServerError? {
    if case .error(let error) = self { error } else { nil }
  }

  /// A flat array of names and values, as HGETALL gives.
  package var pairs: [(name: [UInt8], value: [UInt8])] {
    guard let elements else { return [] }
    return stride(from: 0, to: elements.count - 1, by: 2).compactMap { index in
      guard let name = elements[index].bytes, let value = elements[index + 1].bytes else { return nil }
      return (name, value)
    }
  }
}
