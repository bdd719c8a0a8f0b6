/// What a server says of itself in answer to HELLO.
struct ServerRole: Equatable {
  enum Mode: Equatable { case standalone, cluster, sentinel }

  /// Nil if it did not say.
  var mode: Mode?
  /// Nil if it did not say.
  var isReplica: Bool?

  /// - Parameter reply: names and values; a server that does not know HELLO, or does not allow it, says nothing.
  init(_ reply: Reply) {
    for (name, value) in reply.pairs {
      let value = String(decoding: value, as: UTF8.self)
      switch String(decoding: name, as: UTF8.self) {
      case "mode":
        mode =
          value == "cluster" ? .cluster : value == "sentinel" ? .sentinel : value == "standalone" ? .standalone : nil
      case "role": isReplica = value == "replica" || value == "slave" ? true : value == "master" ? false : nil
      default: break
      }
    }
  }
}

extension Endpoint {
  /// Why a server does not serve this endpoint, whatever it answers later; nil if it may.
  ///
  /// - Parameter needsPrimary: whether a replica will not do.
  func fault(of role: ServerRole, needsPrimary: Bool) -> ConnectionFailure? {
    // Who looks for servers, and not for keys, speaks to sentinels too.
    if role.mode == .sentinel, keyPlace != .unknown {
      return .misplaced("\(self) is a Redis Sentinel: name it with its group, redis+sentinel://\(self)/NAME")
    }
    if role.mode == .cluster, case .scattered(let prefix) = keyPlace {
      return .misplaced(
        "\(self) is a node of a Redis cluster, where keys of the prefix \(prefix) lie on several nodes: start console and "
          + "handler with --prefix '{\(prefix)}', which keeps them together")
    }
    if needsPrimary, role.isReplica == true {
      return .misplaced("\(self) is a replica and takes no writes: name the primary")
    }
    return nil
  }
}
