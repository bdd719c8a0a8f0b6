import Redis

extension EventFeed.Subject {
  /// What the server does not serve, as the status line names it.
  var words: String {
    switch self {
    case .stream(let key): String(decoding: key, as: UTF8.self)
    case .channels: "channels"
    case .time: "the server's time"
    case .lease: "the handler's lease"
    case .records: "agents' records"
    case .alerts: "alerts"
    case .proposals: "proposals"
    case .undelivered: "undelivered notices"
    case .queues: "queues"
    case .waiting: "conversations that wait for a person"
    case .maintenance: "windows of maintenance"
    case .automation: "the automation's switch"
    case .insight: "health and forecasts"
    case .levels: "the handler's levels of alerts"
    }
  }
}
