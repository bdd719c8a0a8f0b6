import Automation
import FleetModel
import TestSupport
import Wire

/// A notice as a service received it, by what its kind of service calls the parts of one.
struct Told {
  let kind: Channel.Kind
  let request: MockService.Request
  let body: JSONValue

  /// - Parameter request: to a path that begins with the kind.
  init?(_ request: MockService.Request) {
    guard let name = request.path.split(whereSeparator: { "/?".contains($0) }).first,
      let kind = Channel.Kind(rawValue: String(name)),
      let body = try? JSONValue.parse(request.body)
    else { return nil }
    (self.kind, self.request, self.body) = (kind, request, body)
  }

  private var alert: JSONValue? { body.list?.first }

  /// What is read first. PagerDuty is told of the end by the key alone.
  var title: String {
    let title =
      switch kind {
      case .slack: body["text"]
      case .discord: body["content"]
      case .pagerduty: body["payload"]?["summary"]
      case .alertmanager: alert?["annotations"]?["summary"]
      case .webhook: body["title"]
      }
    return title?.text ?? ""
  }

  /// The title as people see it: without Discord's escapes.
  var words: String { kind == .discord ? title.replacing("\\", with: "") : title }

  /// By what it is known again; nil for those who know nothing again.
  var key: String? {
    switch kind {
    case .slack, .discord: nil
    case .pagerduty: body["dedup_key"]?.text
    case .alertmanager: alert?["labels"]?["key"]?.text
    case .webhook: body["key"]?.text
    }
  }

  /// How bad it is, in the service's own word; nil where it is not told.
  var severity: String? {
    switch kind {
    case .slack, .discord: title.split(separator: "]").first.map { String($0.dropFirst()) }
    case .pagerduty: body["payload"]?["severity"]?.text
    case .alertmanager: alert?["labels"]?["severity"]?.text
    case .webhook: body["severity"]?.text
    }
  }

  /// When an alert ends; nil for other services.
  var end: Instant? { alert?["endsAt"]?.text.flatMap { ISO8601.parse($0) } }

  /// What it says of where the trouble stands.
  ///
  /// - Parameter now: the server's time, by which an alert has ended or not.
  func phase(at now: Instant) -> String? {
    switch kind {
    case .slack, .discord:
      title.hasPrefix("[resolved]")
        ? "over"
        : title.hasPrefix("[acknowledged]") ? "acknowledge" : title.contains(", update]") ? "update" : "trouble"
    case .pagerduty: body["event_action"]?.text
    case .alertmanager: end.map { $0 > now ? "stands" : "over" }
    case .webhook: body["status"]?.text
    }
  }
}
