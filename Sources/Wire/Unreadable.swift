import FleetModel

/// Why bytes could not be read as an event or as JSON.
package enum Unreadable: Error, Hashable, Sendable, CaseIterable {
  /// No bytes at all, or a message without a body.
  case empty
  case notJSON
  /// The bytes end inside a value or a header.
  case truncated
  case notAnObject
  case noEntityID
  /// An `entity_id` of more than ``AgentID/mostBytes`` bytes.
  case idTooLong
  /// An `entity_id` that is not valid UTF-8: a lone surrogate is none either.
  case idNotText
  case badBinaryHeader
  /// Arrays and objects stand deeper in each other than ``JSONCursor/depthLimit``.
  case nestedTooDeep
  /// 4 GiB or more.
  case tooLong
  /// An entry of the audit without an id, a known phase, an action or a time.
  case noAuditLine
  /// A value among the proposals without an id, a rule, a digest or its times.
  case noProposal
  /// A proposal whose digest is not that of what it proposes, or that stands under another id.
  case alteredProposal
  /// The handler's metrics and levels, malformed or too long.
  case noLevels
}

extension Unreadable: CustomStringConvertible {
  /// The reason in plain words: shown beside its count.
  package var description: String {
    switch self {
    case .empty: "no content"
    case .notJSON: "not JSON"
    case .truncated: "cut short"
    case .notAnObject: "JSON, but not an object"
    case .noEntityID: "no entity_id"
    case .idTooLong: "entity_id longer than \(AgentID.mostBytes) bytes"
    case .idNotText: "entity_id is not valid UTF-8"
    case .badBinaryHeader: "unknown or damaged binary header"
    case .nestedTooDeep: "nested too deep"
    case .tooLong: "too long"
    case .noAuditLine: "no line of the audit"
    case .noProposal: "no proposal"
    case .alteredProposal: "a proposal that was altered"
    case .noLevels: "the handler's levels of alerts"
    }
  }
}

extension Unreadable {
  init(_ fault: AgentID.Fault) {
    switch fault {
    case .tooLong: self = .idTooLong
    case .notText: self = .idNotText
    }
  }
}
