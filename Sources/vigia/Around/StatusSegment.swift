import FleetModel
import Redis
import Wire

/// The fleet in a few words, for a place in tmux's status line. All of it comes from one round trip.
///
/// It says numbers only: nothing that comes from outside reaches the line.
struct StatusSegment {
  private var handler: HandlerLeaseStatus
  /// Open alerts that nobody has acknowledged or silenced, by severity.
  private var waiting: [Severity: Int] = [:]
  private var acknowledged = 0
  /// Whether the server lets alerts be read.
  private var knowsAlerts = true
  /// Whether nobody knows who the server is.
  var isUnverified = false

  static func requests(_ keys: Keys) -> [Request] {
    [Request("TIME"), Request("GET", keys.lease), Request("HGETALL", keys.alerts)]
  }

  /// - Parameter replies: those to ``requests(_:)``.
  init(_ replies: [Reply], now: Instant) {
    handler = HandlerLeaseStatus(replies[1])
    guard replies[2].error == nil else {
      knowsAlerts = false
      return
    }
    for (id, payload) in replies[2].pairs {
      guard let alert = AlertCoding.decode(id: id, payload: payload), !alert.isClosed else { continue }
      let isAcknowledged = alert.acknowledgedBy != nil && alert.acknowledgedUntil.map { now < $0 } ?? true
      if isAcknowledged || alert.silencedUntil.map({ now < $0 }) ?? false {
        acknowledged += 1
      } else {
        waiting[alert.severity, default: 0] += 1
      }
    }
  }

  /// In tmux's own marks for colours: colour means state.
  var text: String {
    var words = isUnverified ? [Self.red(Endpoint.unverifiedMark)] : []
    switch handler {
    case .absent: words.append(Self.red("no handler"))
    case .unknown: words.append("handler unknown")
    case .alive: break
    }
    guard knowsAlerts else { return (words + ["alerts unknown"]).joined(separator: " ") }
    let (critical, high) = (waiting[.critical] ?? 0, waiting[.high] ?? 0)
    let rest = (waiting[.medium] ?? 0) + (waiting[.low] ?? 0)
    if critical > 0 { words.append(Self.red("\(critical) critical")) }
    if high > 0 { words.append("#[fg=yellow]\(high) high#[default]") }
    if rest > 0 { words.append(critical + high > 0 ? "\(rest) more" : Self.counted(rest)) }
    if critical + high + rest == 0 { words.append("#[fg=green]no alerts#[default]") }
    if acknowledged > 0 { words.append("(\(acknowledged) acknowledged)") }
    return words.joined(separator: " ")
  }

  /// What stands there if Redis does not answer.
  static let unreachable = red("Redis down")

  private static func red(_ words: String) -> String { "#[fg=red,bold]\(words)#[default]" }

  private static func counted(_ count: Int) -> String { count == 1 ? "1 alert" : "\(count) alerts" }
}
