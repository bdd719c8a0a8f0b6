import FleetModel
import Wire

/// By what a trace and its spans are known.
///
/// The ids follow from the command or run, and from the target. So a handler that takes over gives the same span the same
/// id, and a service that is asked twice sees one parent.
package struct TraceContext: Equatable, Sendable {
  /// 16 bytes, as 32 hexadecimal digits.
  package let trace: String
  /// 8 bytes, as 16 hexadecimal digits.
  package let span: String

  /// A part of what a command, a run or a job does.
  package enum Part: Equatable, Sendable {
    case whole
    /// What became of a target; `number` tells actions of one name apart, from 0.
    case target(AgentID, action: String, number: Int)
    /// The call of a service or program that carries out an action on a target; `id` is the action's own in its run.
    case call(AgentID, id: String)
    /// What a target's runtime did until it confirmed.
    case confirmation(AgentID)
  }

  /// - Parameters:
  ///   - origin: the id of a command, or the name of a run.
  ///   - prefix: the installation's in Redis: another one may have the same ids.
  package init(_ origin: String, _ part: Part, prefix: String) {
    let whole = Array("\(prefix.utf8.count)/\(prefix)/\(origin.utf8.count)/\(origin)".utf8)
    let name: [UInt8] =
      switch part {
      case .whole: []
      case .target(let agent, let action, let number): Array("target/\(action)/\(number)/".utf8) + agent.bytes
      case .call(let agent, let id): Array("call/\(id)/".utf8) + agent.bytes
      case .confirmation(let agent): Array("confirmation/".utf8) + agent.bytes
      }
    trace = Self.id(Array("trace/".utf8) + whole, bytes: 16)
    span = Self.id(Array("span/".utf8) + whole + "/".utf8 + name, bytes: 8)
  }

  /// What a service is told of it in the header `traceparent` (W3C Trace Context, version 00): its parent, and that it is
  /// recorded.
  package var traceparent: String { "00-\(trace)-\(span)-01" }

  /// An id of zeros alone would be none.
  private static func id(_ text: [UInt8], bytes count: Int) -> String {
    let id = SHA256.hex(text).prefix(2 * count)
    return id.allSatisfy { $0 == "0" } ? String(id.dropLast()) + "1" : String(id)
  }
}
