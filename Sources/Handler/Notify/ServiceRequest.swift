import Automation
import FleetModel
import HTTP
import Wire

/// A service that people are told by: how it reads a notice, and what its answers mean. Each has a file of its own.
protocol NotificationService {
  /// What is added to the channel's address.
  static var path: String { get }
  static func headers(_ channel: Channel) -> [HTTPRequest.Header]
  /// - Parameter now: when it is sent.
  static func body(_ notice: Notice, for channel: Channel, at now: Instant) -> JSONValue
  /// - Parameter now: when the answer came.
  static func result(of answer: HTTPResult, at now: Instant) -> DeliveryResult
}

extension NotificationService {
  static var path: String { "" }
  static func headers(_ channel: Channel) -> [HTTPRequest.Header] { [.init("Content-Type", "application/json")] }
  static func result(of answer: HTTPResult, at now: Instant) -> DeliveryResult {
    DeliveryResult(usual: answer, at: now)
  }
}

extension Channel {
  /// The one table of services.
  var service: any NotificationService.Type {
    switch kind {
    case .slack where !token.isEmpty: SlackBot.self
    case .slack: SlackWebhook.self
    case .discord: DiscordWebhook.self
    case .pagerduty: PagerDutyEvents.self
    case .alertmanager: AlertmanagerAlerts.self
    case .webhook: PlainWebhook.self
    }
  }
}

/// A notice on its way to one channel: the request that carries it, and what the answer to it means.
struct ServiceRequest {
  var notice: Notice
  var channel: Channel
  /// When it is sent.
  var now: Instant

  var request: HTTPRequest {
    let service = channel.service
    return HTTPRequest(
      posting: service.body(notice, for: channel, at: now), to: channel.url, path: service.path,
      headers: service.headers(channel))
  }

  /// - Parameter now: when the answer came.
  func result(of answer: HTTPResult, at now: Instant) -> DeliveryResult {
    channel.service.result(of: answer, at: now)
  }
}

extension HTTPRequest {
  /// - Parameter path: added to the address, whatever slash that ends with.
  init(
    posting body: JSONValue?, to url: String, path: String,
    headers: [Header] = [.init("Content-Type", "application/json")], method: String = "POST"
  ) {
    let base = path.isEmpty ? url[...] : url.reversedDrop { $0 == "/" }
    self.init(
      method: method, url: base + path, headers: headers + [.init("User-Agent", "vigia-handler")], body: body?.encoded)
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
    case .updated, .unacknowledged: "[\(severity.rawValue), update]"
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
