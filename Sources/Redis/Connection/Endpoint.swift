import Wire

/// Where a Redis is and how to log in: what `--redis` says.
package struct Endpoint: Equatable, Sendable {
  package enum Address: Equatable, Sendable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)
    /// The primary of a group, wherever its sentinels say that it is.
    case sentinel(SentinelGroup)
  }

  package var address: Address
  package var user: String?
  package var password: String?
  package var database: Int
  /// How TLS is spoken there; nil if it is not.
  package var tls: TLSSettings?
  /// Where a cluster keeps the keys that are to be asked for.
  package var keyPlace = KeyPlace.unknown

  /// Where a Redis cluster keeps all keys of a fleet.
  package enum KeyPlace: Equatable, Sendable {
    /// Nobody has said which keys: whichever server answers is the right one.
    case unknown
    /// All in this slot, 0..<16384.
    case slot(Int)
    /// Keys of this prefix lie in many slots: no node of a cluster has them all.
    case scattered(prefix: String)

    package init(_ prefix: KeyPrefix) {
      self = prefix.hashTag.map { .slot(HashSlot.of(Array($0.utf8))) } ?? .scattered(prefix: prefix.text)
    }
  }

  /// The same place for a fleet's keys: on a cluster it stands for the node that holds them.
  package func holding(_ prefix: KeyPrefix) -> Endpoint {
    var endpoint = self
    endpoint.keyPlace = KeyPlace(prefix)
    return endpoint
  }

  /// The same place and log-in as one server, whatever keys it has.
  package var ofOneNode: Endpoint {
    var node = self
    node.keyPlace = .unknown
    return node
  }

  /// The slot of all keys, if they are in one.
  var keySlot: Int? { if case .slot(let slot) = keyPlace { slot } else { nil } }

  package init(
    address: Address, user: String? = nil, password: String? = nil, database: Int = 0, tls: TLSSettings? = nil
  ) {
    self.address = address
    self.user = user
    self.password = password
    self.database = database
    self.tls = tls
  }

  package static let `default` = Endpoint(address: .tcp(host: "127.0.0.1", port: 6379))

  /// Why a text is no Redis URL; never repeats the text, which may hold a password.
  package struct Malformed: Error, Equatable, CustomStringConvertible {
    package let reason: String
    package var description: String {
      "\(reason); expected redis[s]://[user:pass@]host:port/db, unix:///path or redis+sentinel://host,host/name"
    }
  }

  /// Reads `redis://[user:pass@]host[:port][/db]`, the same with `rediss://` for TLS, or
  /// `unix://[user:pass@]/path[?db=N]`; parts may be percent-encoded, an IPv6 host stands in brackets.
  package init(url: String) throws(Malformed) {
    guard let scheme = url.firstRange(of: "://") else { throw Malformed(reason: "a Redis URL needs a scheme") }
    let rest = url[scheme.upperBound...]
    switch url[..<scheme.lowerBound] {
    case "redis": try self.init(tcp: rest)
    case "unix": try self.init(unix: rest)
    case "redis+sentinel": try self.init(sentinels: rest)
    case "rediss+sentinel":
      try self.init(sentinels: rest)
      tls = TLSSettings()
    case "rediss":
      try self.init(tcp: rest)
      tls = TLSSettings()
    case let other where !other.isEmpty && other.utf8.allSatisfy({ Self.schemeBytes.contains($0) }):
      throw Malformed(reason: "unknown scheme \(other)://")
    default: throw Malformed(reason: "what stands before :// is no scheme")
    }
  }

  private init(tcp text: Substring) throws(Malformed) {
    let (credentials, location) = Self.splitCredentials(text, until: "/")
    let pieces = location.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let (host, port) = try Self.hostAndPort(pieces[0])
    var database = 0
    if pieces.count > 1 { database = try Self.database(pieces[1]) }
    self.init(address: .tcp(host: host, port: port), database: database)
    try setCredentials(credentials)
  }

  /// The number of the database in a path; 0 if nothing stands there.
  static func database(_ text: Substring) throws(Malformed) -> Int {
    if text.isEmpty { return 0 }
    guard let number = Int(text), number >= 0 else {
      throw Malformed(reason: "the database in the path is not a number")
    }
    return number
  }

  private init(unix text: Substring) throws(Malformed) {
    let (credentials, location) = Self.splitCredentials(text, until: "/")
    let pieces = location.split(separator: "?", maxSplits: 1)
    guard let path = pieces.first, path.hasPrefix("/") else {
      throw Malformed(reason: "a unix URL needs an absolute path")
    }
    self.init(address: .unix(path: try Self.decode(path)))
    if pieces.count > 1 {
      guard pieces[1].hasPrefix("db="), let number = Int(pieces[1].dropFirst(3)), number >= 0 else {
        throw Malformed(reason: "only ?db=N may follow the path")
      }
      database = number
    }
    try setCredentials(credentials)
  }

  mutating func setCredentials(_ text: Substring?) throws(Malformed) {
    guard let text else { return }
    let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if pieces.count == 2 {
      user = pieces[0].isEmpty ? nil : try Self.decode(pieces[0])
      password = try Self.decode(pieces[1])
    } else {
      password = try Self.decode(pieces[0])
    }
  }

  /// A URL without its password, for places where that must not stand; a text that is no URL stays as it is.
  package static func withoutPassword(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    let (credentials, location) = splitCredentials(url[scheme.upperBound...], until: "/")
    guard let credentials else { return url }
    let user = credentials.contains(":") ? credentials.prefix { $0 != ":" } : ""
    return url[..<scheme.upperBound] + (user.isEmpty ? "" : "\(user):@") + location
  }

  /// The part before the last `@` that comes before the first `/`.
  static func splitCredentials(_ text: Substring, until end: Character) -> (Substring?, Substring) {
    let authority = text[..<(text.firstIndex(of: end) ?? text.endIndex)]
    guard let at = authority.lastIndex(of: "@") else { return (nil, text) }
    return (text[..<at], text[text.index(after: at)...])
  }

  static func hostAndPort(_ text: Substring, defaultPort: UInt16 = 6379) throws(Malformed) -> (String, UInt16) {
    var host = text
    var port: Substring?
    if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<bracket]
      let after = text[text.index(after: bracket)...]
      if !after.isEmpty { port = after.dropFirst() }
    } else if let colon = text.lastIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    guard isHost(host) else {
      throw Malformed(reason: "the host holds a character that no host's name has")
    }
    guard let port else { return (host.isEmpty ? "127.0.0.1" : String(host), defaultPort) }
    guard let number = UInt16(port), number > 0 else { throw Malformed(reason: "the port is not one of 1…65535") }
    return (host.isEmpty ? "127.0.0.1" : String(host), number)
  }

  static func isHost(_ text: some StringProtocol) -> Bool { text.unicodeScalars.allSatisfy(isOfHost) }

  /// Letters and digits of any script, and what stands between them in names, numbers and zones: nothing that could steer
  /// a terminal.
  static func isOfHost(_ scalar: Unicode.Scalar) -> Bool {
    "-._:%".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }

  private static let schemeBytes = Array("abcdefghijklmnopqrstuvwxyz0123456789+-.".utf8)

  static func decode(_ text: Substring) throws(Malformed) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        throw Malformed(reason: "a % is not followed by two hexadecimal digits")
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Endpoint: CustomStringConvertible {
  /// The place without the password.
  package var description: String {
    switch address {
    case .tcp(let host, let port):
      (host.contains(":") ? "[\(host)]" : host) + ":\(port)" + (database == 0 ? "" : "/\(database)")
    case .unix(let path): path + (database == 0 ? "" : "?db=\(database)")
    case .sentinel(let group): "\(group)" + (database == 0 ? "" : "/\(database)")
    }
  }
}
