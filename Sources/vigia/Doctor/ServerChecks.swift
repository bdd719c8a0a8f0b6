import Console
import FleetModel
import Redis
import Wire

/// What is judged of the server by itself.
struct ServerChecks {
  let answers: ServerAnswers
  let installation: Installation
  /// The server's time, or else this machine's.
  let now: Instant

  var all: [Check] {
    [server, connection, role] + [memory, eviction, persistence, replicas, slots, clock].compactMap(\.self)
  }

  // MARK: What it is

  private static let oldest = ServerVersion(6, 2)
  private static let telling = ServerVersion(7, 0)

  var server: Check {
    guard let version = answers.version else {
      guard case .refused(let error) = answers.identity else {
        return Check("server", .unknown, "it does not say what it is")
      }
      return Check(
        "server", .wrong, "it does not answer HELLO (\(error)): it is older than Redis 6.0, or no Redis",
        advice: "use Redis 6.2 or newer, or Valkey")
    }
    let words = [product(version), answers.identity.value?.mode, answers.info.value?["os"]].compactMap(\.self)
    let detail = words.joined(separator: ", ")
    if version < Self.oldest {
      return Check(
        "server", .wrong, "\(detail): vigia does not support it", advice: "use Redis 6.2 or newer, or Valkey")
    }
    guard version < Self.telling else { return Check("server", .ok, detail) }
    return Check(
      "server", .look,
      "\(detail). Before 7.0 keys cannot be let be read only, so users may do more than they need, and scripts write even "
        + "if min-replicas-to-write is not met",
      advice: "Redis 7.0 or newer has both")
  }

  private func product(_ version: ServerVersion) -> String {
    let isValkey = answers.identity.value?.product == "valkey" || answers.info.value?["server_name"] == "valkey"
    return "\(isValkey ? "Valkey" : "Redis") \(version)"
  }

  /// Whether others can read along.
  var connection: Check {
    switch installation.endpoint.address {
    case .unix(let path): return Check("connection", .ok, "by the socket \(path), without TLS: nobody reads along")
    case .sentinel(let group): return connection(with: "the servers of \(group.name)", isHere: false)
    case .tcp(let host, _):
      let isHere = host == "localhost" || host == "::1" || host.hasPrefix("127.")
      return connection(with: host, isHere: isHere)
    }
  }

  private func connection(with name: String, isHere: Bool) -> Check {
    if let tls = installation.endpoint.tls {
      guard tls.isInsecure else { return Check("connection", .ok, "by TLS; the server's certificate was checked") }
      return Check(
        "connection", .wrong,
        "by TLS with any certificate: whoever is on the way to \(name) can read and change everything",
        advice: "leave out --tls-insecure, and name the authority with --tls-ca; see vigia manual deployments")
    }
    guard !isHere else { return Check("connection", .ok, "to this machine itself, without TLS") }
    return Check(
      "connection", .look,
      "without TLS: whoever is on the way to \(name) can read passwords and events, and change them",
      advice: "use an address rediss://; see vigia manual deployments")
  }

  /// Whether it can be written to.
  var role: Check {
    let info = answers.info.value
    let role = info?["role"] ?? answers.identity.value?.role
    guard let role else { return Check("role", .unknown, "it does not say whether it is a replica") }
    guard role == "slave" || role == "replica" else {
      if answers.identity.value?.mode == "sentinel" {
        return Check(
          "role", .wrong, "this is a sentinel, which holds no data",
          advice: "name the sentinels by redis+sentinel://, or --redis the server itself")
      }
      return Check("role", .ok, "primary: it can be written to")
    }
    let primary = info.flatMap { info in info["master_host"].map { "\($0):\(info["master_port"] ?? "?")" } }
    let link = info?["master_link_status"].map { ", link to it \($0)" } ?? ""
    return Check(
      "role", .wrong, "replica of \(primary ?? "another server")\(link): nothing can be written, no command is given",
      advice: "point --redis at the primary\(primary.map { ", \($0)" } ?? "")")
  }

  // MARK: What it keeps

  var memory: Check {
    let info: ServerInfo
    switch answers.info {
    case .none: return Check("memory", .unknown, "no answer to INFO")
    case .refused(let error): return .refused("memory", "INFO", error)
    case .value(let value): info = value
    }
    guard let used = info.integer("used_memory") else { return Check("memory", .unknown, "INFO does not say it") }
    let most = info.integer("maxmemory") ?? 0
    guard most > 0 else {
      let all = info.integer("total_system_memory").map { " of \(Self.size($0)) of the machine" } ?? ""
      return Check("memory", .ok, "\(Self.size(used))\(all), no limit (maxmemory 0)")
    }
    let share = Int(Double(used) / Double(most) * 100)
    let detail = "\(Self.size(used)) of \(Self.size(most)) (\(share) %)"
    guard share >= 90 else { return Check("memory", .ok, detail) }
    return Check(
      "memory", share >= 100 ? .wrong : .look,
      "\(detail): when it is full, Redis refuses all writes, and no command is carried out",
      advice: "raise maxmemory, or let [retention] of the handler's settings keep less")
  }

  var eviction: Check? {
    guard let info = answers.info.value else { return nil }
    guard let policy = info["maxmemory_policy"] else { return Check("eviction", .unknown, "INFO does not say it") }
    guard policy != "noeviction" else { return Check("eviction", .ok, "noeviction: what is written stays") }
    let hasLimit = info.integer("maxmemory") ?? 0 > 0
    let victims =
      policy.hasPrefix("volatile") ? "the lease and the marks of what is done" : "any key, streams and alerts too"
    return Check(
      "eviction", hasLimit ? .wrong : .look,
      "\(policy): when memory is short, Redis deletes \(victims): commands could be done twice, or be lost",
      advice: "CONFIG SET maxmemory-policy noeviction, and in the server's configuration too")
  }

  var persistence: Check? {
    guard let info = answers.info.value else { return nil }
    if info["loading"] == "1" { return Check("persistence", .look, "it still loads its data", advice: "wait") }
    let saved = info.integer("rdb_last_save_time").map { seconds in
      Self.ago(now - Instant(milliseconds: Int64(min(max(0, seconds), Self.latestSecond)) * 1000))
    }
    if let bad = Self.failures(info) {
      return Check(
        "persistence", .wrong, "\(bad): a restart loses what came since the last save\(saved.map { ", \($0)" } ?? "")",
        advice: "look at the server's disk and its log")
    }
    if info["aof_enabled"] == "1" { return Check("persistence", .ok, "append-only file, last write ok") }
    let changes = info.integer("rdb_changes_since_last_save").map { "\($0) changes" } ?? "all"
    return Check(
      "persistence", .look,
      "no append-only file: a restart loses what came since the last save or start\(saved.map { " \($0)" } ?? "") "
        + "(\(changes) now): commands, alerts, and what was done already",
      advice: "CONFIG SET appendonly yes, and in the server's configuration too")
  }

  /// No server's clock shows a later one.
  private static let latestSecond = 100_000_000_000

  private static func failures(_ info: ServerInfo) -> String? {
    let states = [
      ("aof_last_write_status", "the last write to the append-only file failed"),
      ("aof_last_bgrewrite_status", "the last rewrite of the append-only file failed"),
      ("rdb_last_bgsave_status", "the last save failed"),
    ]
    return states.first { name, _ in info[name].map { $0 != "ok" } ?? false }?.1
  }

  private static let mostReplicas = 3
  private static let longestLag = 10

  var replicas: Check? {
    guard let info = answers.info.value, info["role"] == "master" else { return nil }
    let count = info.integer("connected_slaves") ?? 0
    guard count > 0 else {
      return Check("replicas", .ok, "none: what this server loses is lost")
    }
    let offset = info.integer("master_repl_offset") ?? 0
    let states = (0..<min(max(0, count), 100)).map { info.parts("slave\($0)") }
    let words = states.prefix(Self.mostReplicas).map { state in
      let behind = state["offset"].flatMap { Bounded.int($0) }.map { max(0, offset - $0) }
      let place = "\(state["ip"] ?? "?"):\(state["port"] ?? "?")"
      return "\(place) \(state["state"] ?? "?"), heard \(state["lag"] ?? "?") s ago, "
        + "\(behind.map { Self.size($0) } ?? "?") behind"
    }
    let rest = count > words.count ? "; \(count - words.count) more" : ""
    let detail = "\(count): \(words.joined(separator: "; "))\(rest)"
    let isBad = states.contains { state in
      state["state"] != "online" || state["lag"].flatMap { Bounded.int($0) }.map { $0 > Self.longestLag } ?? true
    }
    return isBad
      ? Check("replicas", .look, detail, advice: "look at the replicas' logs, and at the network between")
      : Check("replicas", .ok, detail)
  }

  // MARK: Words

  static func size(_ bytes: Int) -> String {
    let text = Double(bytes).short
    return "\(text)\(text.contains(" " as Character) ? "" : " ")B"
  }

  static func ago(_ span: TimeSpan) -> String {
    Format.age(max(.zero, span)) == "now" ? "just now" : "\(Format.age(span)) ago"
  }
}
