import Automation
import FleetModel

/// Reads who is told what: a table for each channel, and routes.
///
/// ```toml
/// group_wait = "10s"                        # how long a rule's first message waits for others
/// group_interval = "5m"                     # between two updates of it
/// default_route = ["ops"]                   # if no route matches; without routes and this: every channel
///
/// [notify.ops]
/// kind = "slack"                            # discord: the same
/// url_env = "SLACK_URL"                     # or url_file; the URL is a secret
/// deadline = "15m"                          # then a notice is given up
///
/// [notify.incidents]
/// kind = "slack"
/// token_file = "/run/secrets/slack"         # or token_env; then messages are edited as trouble goes on
/// channel = "#incidents"                    # or its id
/// remind = "1h"                             # of what nobody has acknowledged, and less and less often; or "never"
///
/// [notify.pager]
/// kind = "pagerduty"
/// routing_key_file = "/run/secrets/pagerduty"   # or routing_key_env
/// base_url = "https://events.eu.pagerduty.com"
/// token_file = "/run/secrets/pagerduty-rest"    # or token_env; then what people do there is read
/// api_url = "https://api.eu.pagerduty.com"
///
/// [notify.alerts]
/// kind = "alertmanager"                     # or "webhook"
/// url = "http://127.0.0.1:9093"             # or url_env, url_file
/// silences = true                           # of alertmanager: an acknowledgement is a silence there
/// format = 2                                # of a webhook; 1, the default, says "told" for "info"
///
/// [[routes]]
/// severity = "high"                         # at least
/// role = "support-*"
/// rule = "performance"
/// hours = "22:00-06:00"
/// utc_offset = "+01:00"
/// to = ["pager"]
/// continue = true                           # routes after it are looked at too
/// ```
struct NotifyReader {
  /// What gives variables and files, from which alone secrets come.
  private let environment: [String: String]
  private let readFile: (String) -> [UInt8]?
  private let isOpenToOthers: (String) -> Bool
  /// Addresses and keys that came from there, which no log may show.
  private(set) var secrets: Set<String> = []

  static let keys = ["notify", "routes", "default_route", "group_wait", "group_interval"]
  /// What is shorter is no path that anybody could guess at.
  private static let shortestPath = 8

  init(
    environment: [String: String], readFile: @escaping (String) -> [UInt8]?,
    isOpenToOthers: @escaping (String) -> Bool
  ) {
    self.environment = environment
    self.readFile = readFile
    self.isOpenToOthers = isOpenToOthers
  }

  mutating func table(_ top: FileSection) throws(ConfigurationError) -> NotifyTable {
    var table = NotifyTable()
    if let section = try top.section("notify", expected: "a table of channels") {
      for name in section.keys { table.channels[name] = try channel(section, name) }
    }
    table.routes = try routes(top, table)
    let fallback = try targets(top, "default_route", table)
    table.defaultRoute = fallback ?? (table.routes.isEmpty ? table.channels.keys.sorted() : [])
    if let wait = try top.span("group_wait", atMost: .hours(1)) { table.grouping.wait = wait }
    if let interval = try top.span("group_interval", atMost: .hours(24)) { table.grouping.interval = interval }
    table.secrets = secrets.sorted()
    return table
  }

  // MARK: Channels

  private mutating func channel(_ all: FileSection, _ name: String) throws(ConfigurationError) -> Channel {
    guard !name.isEmpty, name.utf8.allSatisfy(Self.isOfName) else {
      throw all.fault(name, "is no name of a channel; expected letters, digits, \"-\" and \"_\"")
    }
    let expected = "a table with a kind"
    guard let section = try all.section(name, expected: expected) else { throw all.fault(name, expected: expected) }
    guard let kind: Channel.Kind = try section.choice("kind") else {
      let kinds = Channel.Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw section.fault("kind", expected: "one of \(kinds)")
    }
    try refuseLiteralSecrets(section, kind)
    try section.allow(Self.keys(of: kind), in: "a channel of kind \"\(kind.rawValue)\"")
    var channel = Channel(kind, url: "")
    switch kind.descriptor.address {
    case .routingKey(let base):
      channel.routingKey = try routingKey(section)
      channel.url = try section.text("base_url", expected: "a URL") ?? base
      try check(channel.url, section, "base_url", says: "is no URL")
      try readBack(&channel, section)
    case .secretURL(let base):
      if let base, let token = try secret(section, "token") {
        try fill(&channel, token, base, section)
      } else {
        try section.allow(
          Self.keys(of: kind, byToken: false), in: "a channel of kind \"\(kind.rawValue)\" without token")
        channel.url = try url(section, mayBeLiteral: false)
      }
    case .url: channel.url = try url(section, mayBeLiteral: true)
    }
    if let silences = try section.flag("silences") { channel.keepsSilences = silences }
    if let format = try section.integer("format", in: kind.descriptor.formats) { channel.format = format }
    if let deadline = try section.span("deadline", atMost: .days(7)) { channel.deadline = deadline }
    if let remind = try section.text("remind", expected: Self.expectedReminder) {
      guard let span = remind == "never" ? .zero : TimeSpan(remind), span <= .days(7) else {
        throw section.fault("remind", expected: Self.expectedReminder)
      }
      channel.reminds = span
    }
    return channel
  }

  private static let expectedReminder = "a span of up to 7d such as \"1h\", or \"never\""

  /// What a token needs beside it.
  private mutating func fill(
    _ channel: inout Channel, _ token: (value: String, from: String), _ base: String, _ section: FileSection
  ) throws(ConfigurationError) {
    for key in ["url_env", "url_file"] where section.holds(key) {
      throw section.fault(key, "stands beside \(token.from); expected one of them")
    }
    guard token.value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw section.fault(token.from, "names what is no token; expected letters, digits and \"-\"")
    }
    channel.token = token.value
    secrets.insert(token.value)
    let expected = "the id of a conversation, or a name such as \"#ops\""
    guard let place = try section.text("channel", expected: expected), !place.isEmpty, place.utf8.count <= 100,
      place.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
    else { throw section.fault("channel", expected: expected) }
    channel.place = place
    channel.url = try section.text("base_url", expected: "a URL") ?? base
    try check(channel.url, section, "base_url", says: "is no URL")
  }

  /// By what PagerDuty's incidents are read.
  private mutating func readBack(_ channel: inout Channel, _ section: FileSection) throws(ConfigurationError) {
    guard let token = try secretToken(section, "token") else {
      guard section.holds("api_url") else { return }
      throw section.fault("api_url", "stands without a token; expected token_env or token_file beside it")
    }
    channel.token = token
    channel.readURL = try section.text("api_url", expected: "a URL") ?? "https://api.pagerduty.com"
    try check(channel.readURL, section, "api_url", says: "is no URL")
  }

  /// - Parameter byToken: whether those that go with a token are among them.
  private static func keys(of kind: Channel.Kind, byToken: Bool = true) -> [String] {
    let address =
      switch kind.descriptor.address {
      case .secretURL(.some) where byToken:
        ["url_env", "url_file", "token_env", "token_file", "channel", "base_url", "remind"]
      case .secretURL: ["url_env", "url_file"] + (kind.descriptor.editsMessages ? ["remind"] : [])
      case .routingKey: ["routing_key_env", "routing_key_file", "base_url", "token_env", "token_file", "api_url"]
      case .url: ["url", "url_env", "url_file"] + (kind == .alertmanager ? ["silences"] : [])
      }
    return ["kind"] + address + ["deadline"] + (kind.descriptor.formats.count > 1 ? ["format"] : [])
  }

  /// An error of its own, which does not repeat what stands there.
  private func refuseLiteralSecrets(_ section: FileSection, _ kind: Channel.Kind) throws(ConfigurationError) {
    for key in ["url", "routing_key", "token"] where section.holds(key) && !Self.keys(of: kind).contains(key) {
      guard Self.keys(of: kind).contains("\(key)_env") else { continue }
      throw section.fault(key, "is a secret and may not stand here; expected \(key)_env or \(key)_file")
    }
  }

  private mutating func routingKey(_ section: FileSection) throws(ConfigurationError) -> String {
    guard let (key, from) = try secret(section, "routing_key") else {
      throw section.fault("routing_key_env", expected: "the name of a variable, or routing_key_file")
    }
    guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw section.fault(from, "names what is no routing key; expected letters and digits")
    }
    secrets.insert(key)
    return key
  }

  /// What a service is asked by, of a variable or a file; nil if neither is named.
  mutating func secretToken(_ section: FileSection, _ name: String) throws(ConfigurationError) -> String? {
    guard let (token, from) = try secret(section, name) else { return nil }
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw section.fault(from, "names what is no token; expected letters, digits and signs without blanks")
    }
    secrets.insert(token)
    return token
  }

  mutating func url(_ section: FileSection, mayBeLiteral: Bool) throws(ConfigurationError) -> String {
    let found = try secret(section, "url")
    let literal = mayBeLiteral ? try section.text("url", expected: "a URL") : nil
    guard let found else {
      guard let literal else {
        let expected = "the name of a variable, or url_file"
        throw mayBeLiteral
          ? section.fault("url", expected: "a URL, url_env or url_file")
          : section.fault("url_env", expected: expected)
      }
      try check(literal, section, "url", says: "is no URL")
      keepPassword(of: literal)
      return literal
    }
    guard literal == nil else { throw section.fault("url", "stands beside \(found.from); expected one of them") }
    try check(found.value, section, found.from, says: "names what is no URL")
    keepSecret(found.value)
    return found.value
  }

  /// Has no log show a text.
  mutating func keepText(_ secret: String) { secrets.insert(secret) }

  /// All of an address, and what of it a service may repeat alone: its path with and without the query, and the query.
  mutating func keepSecret(_ url: String) {
    secrets.insert(url)
    keepPassword(of: url)
    let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return }
    let pieces = [parts[3]] + parts[3].split(separator: "?", maxSplits: 1)
    for piece in pieces where piece.utf8.count >= Self.shortestPath { secrets.insert(String(piece)) }
  }

  /// What is no address.
  mutating func keepSecretText(_ text: String) { secrets.insert(text) }

  /// What stands between a user's name and the host.
  private mutating func keepPassword(of url: String) {
    let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count > 2, let end = parts[2].lastIndex(of: "@"), let start = parts[2][..<end].firstIndex(of: ":")
    else {
      return
    }
    secrets.insert(String(parts[2][parts[2].index(after: start)..<end]))
  }

  /// - Parameter fault: what is wrong, without the value, which may be a secret.
  func check(
    _ url: String, _ section: FileSection, _ key: String, says fault: String
  ) throws(ConfigurationError) {
    let scheme = ["https://", "http://"].first { url.lowercased().hasPrefix($0) }
    let host = url.dropFirst(scheme?.count ?? 0).prefix { !"/?#".contains($0) }
    guard scheme != nil, !host.isEmpty, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw section.fault(key, "\(fault); expected one that begins with https:// or http://, and a host")
    }
  }

  /// A secret from the variable that `<name>_env` names, or the file that `<name>_file` does; nil if neither is there.
  /// No error repeats either name: the secret itself may have been written there.
  func secret(
    _ section: FileSection, _ name: String
  ) throws(ConfigurationError) -> (value: String, from: String)? {
    let (env, file) = ("\(name)_env", "\(name)_file")
    if let variable = try section.text(env, expected: "the name of a variable") {
      guard !section.holds(file) else { throw section.fault(file, "stands beside \(env); expected one of them") }
      guard let value = environment[variable], !value.isEmpty else {
        throw section.fault(env, "names a variable that is not set; expected it in the handler's environment")
      }
      return (value, env)
    }
    guard let path = try section.text(file, expected: "a file's path") else { return nil }
    guard let bytes = readFile(path) else { throw section.fault(file, "names a file that cannot be read") }
    guard !isOpenToOthers(path) else {
      throw section.fault(file, "names a secret that others may read or write; chmod o= the file")
    }
    let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    guard !text.isEmpty else {
      throw section.fault(file, "names a file that is empty; expected the secret on its first line")
    }
    return (text, file)
  }

  static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }
}
