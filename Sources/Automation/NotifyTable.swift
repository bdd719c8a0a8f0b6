import FleetModel

/// Who is told what: the channels by name, and the routes that choose among them, in order. The first that matches
/// counts, unless it goes on.
package struct NotifyTable: Equatable, Sendable {
  package var channels: [String: Channel]
  /// What the channels are called.
  package var names: Set<String> { Set(channels.keys) }
  package var routes: [Route]
  /// Where a notice goes that no route matches.
  package var defaultRoute: [String]
  package var grouping: Grouping.Spans
  /// Addresses and keys that nothing may show.
  package var secrets: [String] = []
  /// Links of the operator's own that notices of one agent carry; and why there are none, though some are configured.
  package var links: [OwnLink] = []
  package var linksFault: String?

  package init(
    channels: [String: Channel] = [:], routes: [Route] = [], defaultRoute: [String] = [],
    grouping: Grouping.Spans = Grouping.Spans()
  ) {
    self.channels = channels
    self.routes = routes
    self.defaultRoute = defaultRoute
    self.grouping = grouping
  }

  package subscript(name: String) -> Channel? { channels[name] }

  /// The channels of a notice, each once, in the order of the routes; those that have no use for its status left out.
  package func channels(for notice: Notice) -> [String] {
    var names: [String] = []
    for name in notice.to.isEmpty ? routed(notice) : notice.to where !names.contains(name) {
      if channels[name]?.wants(notice, as: name) ?? true { names.append(name) }
    }
    return names
  }

  private func routed(_ notice: Notice) -> [String] {
    var names: [String] = []
    var hasMatched = false
    for route in routes where route.matches(notice) {
      names += route.to
      hasMatched = true
      if !route.goesOn { break }
    }
    return hasMatched ? names : defaultRoute
  }
}
