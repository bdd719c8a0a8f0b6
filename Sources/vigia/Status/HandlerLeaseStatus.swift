import Redis
import Wire

/// What the lease tells of the handler.
enum HandlerLeaseStatus: Equatable {
  case absent
  case alive(Lease)
  /// The server does not let the lease be read.
  case unknown

  /// - Parameter reply: the answer to GET of the lease.
  init(_ reply: Reply) {
    guard reply.error == nil else {
      self = .unknown
      return
    }
    self = reply.bytes.flatMap { LeaseCoding.decode($0) }.map { .alive($0) } ?? .absent
  }

  /// A few words for the end of a line.
  var words: String {
    switch self {
    case .absent: "no handler alive"
    case .alive(let lease): "handler \(lease.id.shown) alive"
    case .unknown: "handler unknown"
    }
  }

  /// What is wrong with its settings.
  var fault: String? {
    if case .alive(let lease) = self { lease.fault } else { nil }
  }

  /// What is wrong with the server's memory.
  var warning: String? {
    if case .alive(let lease) = self { lease.warning } else { nil }
  }

  /// Why it holds its rules back.
  var held: String? {
    if case .alive(let lease) = self { lease.held } else { nil }
  }

  /// The same as a clause.
  var sentence: String {
    switch self {
    case .absent: "no handler is alive"
    case .alive(let lease): "handler \(lease.id.shown) is alive"
    case .unknown: "whether a handler is alive is unknown"
    }
  }

  var json: JSONValue {
    switch self {
    case .absent: ["alive": false]
    case .alive(let lease):
      [
        "alive": true, "id": .string(lease.id), "recording": .bool(lease.isRecording),
        "since": .string(ISO8601.format(lease.since)), "fault": lease.fault.map { .string($0) },
        "warning": lease.warning.map { .string($0) }, "held": lease.held.map { .string($0) },
      ]
    case .unknown: ["alive": .null]
    }
  }
}
