import Automation
import FleetModel
import HTTP
import Wire

/// A notice on its way to one channel: the request that carries it, and what the answer to it means. Each service has a
/// file of its own.
struct ServiceRequest {
  var notice: Notice
  var channel: Channel
  /// When it is sent.
  var now: Instant

  var request: HTTPRequest {
    switch channel.kind {
    case .slack: post(SlackWebhook.body(notice))
    case .discord: post(DiscordWebhook.body(notice))
    case .pagerduty: post(PagerDutyEvents.body(notice, routingKey: channel.routingKey), path: PagerDutyEvents.path)
    case .alertmanager: post(AlertmanagerAlerts.body(notice, now: now), path: AlertmanagerAlerts.path)
    case .webhook: post(PlainWebhook.body(notice))
    }
  }

  /// - Parameter now: when the answer came.
  func verdict(_ result: HTTPResult, at now: Instant) -> DeliveryResult {
    switch channel.kind {
    case .slack: SlackWebhook.verdict(result, at: now)
    case .discord: DiscordWebhook.verdict(result, at: now)
    case .pagerduty: PagerDutyEvents.verdict(result, at: now)
    case .alertmanager: AlertmanagerAlerts.verdict(result, at: now)
    case .webhook: PlainWebhook.verdict(result, at: now)
    }
  }

  /// - Parameter path: added to the channel's address, whatever slash that ends with.
  private func post(_ body: JSONValue, path: String = "") -> HTTPRequest {
    let base = path.isEmpty ? channel.url[...] : channel.url.reversedDrop { $0 == "/" }
    return HTTPRequest(
      method: "POST", url: base + path,
      headers: [.init("Content-Type", "application/json"), .init("User-Agent", "vigia-handler")], body: body.encoded)
  }
}

extension String {
  /// Without the characters at its end that are so.
  fileprivate func reversedDrop(while condition: (Character) -> Bool) -> Substring {
    var rest = self[...]
    while let last = rest.last, condition(last) { rest.removeLast() }
    return rest
  }
}

extension Notice {
  /// What stands first wherever it is read: how bad it is, or that it is over.
  var heading: String {
    switch status {
    case .info, .firing: "[\(severity.rawValue)]"
    case .updated: "[\(severity.rawValue), update]"
    case .acknowledged: "[acknowledged]"
    case .resolved: isAllClear ? "[resolved]" : "[ended]"
    }
  }

  /// The agents by name, so many of them at the most.
  func agentNames(atMost count: Int) -> String {
    let names = agents.prefix(count).map { PlainText.unlinkedLine($0.escapedText) }.joined(separator: ", ")
    return agents.count > count ? "\(names) and \(agents.count - count) more" : names
  }
}
