extension Endpoint {
  /// What a URL of a Sentinel group looks like.
  static let sentinelForm = "redis+sentinel://[user:pass@]host[:port],host…/name-of-the-master[/db]"

  /// Reads what follows `redis+sentinel://`: `[user:pass@]host[:port],…/name[/db][?sentinel-user=U&sentinel-password=P]`.
  init(sentinels text: Substring) throws(Malformed) {
    let (credentials, location) = Self.splitCredentials(text, until: "/")
    let halves = location.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = halves[0].split(separator: "/", omittingEmptySubsequences: false)
    guard path.count >= 2, !path[1].isEmpty else {
      throw Malformed(reason: "no name of the master follows the sentinels (\(Self.sentinelForm))")
    }
    guard path.count <= 3 else { throw Malformed(reason: "more than a database follows the name of the master") }
    let name = try Self.decode(path[1])
    guard name.utf8.count <= SentinelGroup.longestName, name.unicodeScalars.allSatisfy(Self.isOfName) else {
      throw Malformed(reason: "the name of the master holds a character that no such name has, or is too long")
    }
    self.init(address: .sentinel(SentinelGroup(sentinels: try Self.sentinels(path[0]), name: name)))
    if path.count == 3 { database = try Self.database(path[2]) }
    try setCredentials(credentials)
    if halves.count == 2 { try setSentinelOptions(halves[1]) }
  }

  private static func sentinels(_ text: Substring) throws(Malformed) -> [SentinelGroup.Node] {
    var nodes: [SentinelGroup.Node] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard !piece.isEmpty else { throw Malformed(reason: "the list of sentinels has an empty place") }
      let (host, port) = try hostAndPort(piece, defaultPort: SentinelGroup.defaultPort)
      let node = SentinelGroup.Node(host: host, port: port)
      if !nodes.contains(node) { nodes.append(node) }
    }
    guard nodes.count <= SentinelGroup.mostListed else {
      throw Malformed(reason: "more than \(SentinelGroup.mostListed) sentinels are listed")
    }
    return nodes
  }

  private mutating func setSentinelOptions(_ text: Substring) throws(Malformed) {
    guard case .sentinel(var group) = address else { return }
    for option in text.split(separator: "&") {
      let pieces = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2 else { throw Malformed(reason: "an option after ? has no value") }
      switch pieces[0] {
      case "sentinel-user": group.user = try Self.decode(pieces[1])
      case "sentinel-password": group.password = try Self.decode(pieces[1])
      default: throw Malformed(reason: "only sentinel-user and sentinel-password may follow the ?")
      }
    }
    address = .sentinel(group)
  }

  /// Words that Sentinel takes as a master's name, which consist of letters, digits and `.-_`.
  private static func isOfName(_ scalar: Unicode.Scalar) -> Bool {
    ".-_".unicodeScalars.contains(scalar) || (scalar.isASCII && scalar.properties.isAlphabetic)
      || ("0"..."9").contains(scalar)
  }
}

extension Endpoint {
  /// What must not be read in logs, on screens or in errors.
  package var secrets: [String] {
    let own = [password].compactMap(\.self)
    guard case .sentinel(let group) = address else { return own }
    return own + [group.password].compactMap(\.self)
  }

  package var sentinelPassword: String? {
    if case .sentinel(let group) = address { group.password } else { nil }
  }

  /// Gives the password for the sentinels, unless the URL has one.
  package mutating func setSentinelPassword(_ password: String?) {
    guard let password, !password.isEmpty, case .sentinel(var group) = address, group.password == nil else { return }
    group.password = password
    address = .sentinel(group)
  }
}
