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
  /// Queues of other services whose trouble nobody has in hand, and whether one of them is as bad as a high alert.
  private var queues = (waiting: 0, isHigh: false)
  private var acknowledged = 0
  /// Whether the server lets alerts be read, and queues.
  private var knowsAlerts = true
  private var knowsQueues = true
  /// Whether nobody knows who the server is.
  var isUnverified = false
  /// How many shards did not answer.
  var shardsDown = 0

  static func requests(_ keys: Keys) -> [Request] {
    [
      Request("TIME"), Request("GET", keys.lease), Request("HGETALL", keys.alerts), Request("GET", keys.queues),
    ]
  }

  /// - Parameter replies: those to ``requests(_:)``.
  init(_ replies: [Reply], now: Instant) {
    handler = HandlerLeaseStatus(replies[1])
    (knowsAlerts, knowsQueues) = (replies[2].error == nil, replies[3].error == nil)
    for (id, payload) in replies[2].pairs {
      guard let alert = AlertCoding.decode(id: id, payload: payload), !alert.isClosed else { continue }
      let isAcknowledged = alert.acknowledgedBy != nil && alert.acknowledgedUntil.map { now < $0 } ?? true
      if isAcknowledged || alert.silencedUntil.map({ now < $0 }) ?? false {
        acknowledged += 1
      } else {
        waiting[alert.severity, default: 0] += 1
      }
    }
    for case let trouble? in replies[3].bytes.flatMap({ QueueCoding.decode($0) })?.queues.map(\.trouble) ?? [] {
      guard trouble.hand == nil else {
        acknowledged += 1
        continue
      }
      queues.waiting += 1
      queues.isHigh = queues.isHigh || trouble.kind.severity >= .high
    }
  }

  /// Those of several shards as one; nil if there is none. A handler is there if each shard has one.
  init?(_ all: [StatusSegment]) {
    guard let first = all.first else { return nil }
    self = first
    for other in all.dropFirst() {
      if other.handler == .absent || handler != .absent && other.handler == .unknown { handler = other.handler }
      waiting.merge(other.waiting, uniquingKeysWith: +)
      acknowledged += other.acknowledged
      queues = (queues.waiting + other.queues.waiting, queues.isHigh || other.queues.isHigh)
      knowsAlerts = knowsAlerts && other.knowsAlerts
      knowsQueues = knowsQueues && other.knowsQueues
    }
  }

  /// In tmux's own marks for colours: colour means state.
  var text: String {
    var words = isUnverified ? [Self.red(Endpoint.unverifiedMark)] : []
    if shardsDown > 0 { words.append(Self.red(shardsDown == 1 ? "1 shard down" : "\(shardsDown) shards down")) }
    switch handler {
    case .absent: words.append(Self.red("no handler"))
    case .unknown: words.append("handler unknown")
    case .alive: break
    }
    return (words + (knowsAlerts ? alertWords : ["alerts unknown"]) + queueWords).joined(separator: " ")
  }

  private var alertWords: [String] {
    var words: [String] = []
    let (critical, high) = (waiting[.critical] ?? 0, waiting[.high] ?? 0)
    let rest = (waiting[.medium] ?? 0) + (waiting[.low] ?? 0)
    if critical > 0 { words.append(Self.red("\(critical) critical")) }
    if high > 0 { words.append("#[fg=yellow]\(high) high#[default]") }
    if rest > 0 { words.append(critical + high > 0 ? "\(rest) more" : Self.counted(rest)) }
    // A queue in trouble is an alert too.
    if critical + high + rest + queues.waiting == 0 { words.append("#[fg=green]no alerts#[default]") }
    if acknowledged > 0 { words.append("(\(acknowledged) acknowledged)") }
    return words
  }

  private var queueWords: [String] {
    guard knowsQueues else { return ["queues unknown"] }
    guard queues.waiting > 0 else { return [] }
    let words = queues.waiting == 1 ? "1 queue in trouble" : "\(queues.waiting) queues in trouble"
    return [queues.isHigh ? "#[fg=yellow]\(words)#[default]" : words]
  }

  /// What stands there if Redis does not answer.
  static let unreachable = red("Redis down")

  private static func red(_ words: String) -> String { "#[fg=red,bold]\(words)#[default]" }

  private static func counted(_ count: Int) -> String { count == 1 ? "1 alert" : "\(count) alerts" }
}
