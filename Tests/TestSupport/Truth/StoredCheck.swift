import FleetModel
import Glibc
import Loop
import Wire

/// Compares what the handler has written in Redis with the truth.
struct StoredCheck {
  private let server: TestServer
  private let keys: Keys
  private let truth: Truth

  init(_ server: TestServer, _ keys: Keys, _ truth: Truth) {
    (self.server, self.keys, self.truth) = (server, keys, truth)
  }

  func difference() throws -> String? { try alerts() ?? records() }

  private func alerts() throws -> String? {
    var stored: [String: AlertRecord] = [:]
    for (id, payload) in try server.call("HGETALL", keys.alerts).pairs {
      let text = String(decoding: id, as: UTF8.self)
      guard let record = AlertCoding.decode(id: id, payload: payload) else { return "Redis holds no alert at \(text)" }
      stored[text] = record
    }
    for (key, alert) in truth.alerts.sorted(by: { $0.key < $1.key }) {
      let id = "\(key.kind)/\(key.agent)"
      guard let record = stored.removeValue(forKey: id) else {
        if truth.mayBeClosed(key) { continue }
        return "Redis holds no \(id)"
      }
      guard alert.certainty != .sure || (record.severity, record.count) == (alert.severity, alert.count) else {
        return "\(id) is \(alert.severity), \(alert.count) times; Redis says \(record.severity), \(record.count)"
      }
    }
    return stored.keys.filter { !$0.hasPrefix("command.") }.min().map { "Redis holds \($0), which is over" }
  }

  private func records() throws -> String? {
    for (name, agent) in truth.agents.sorted(by: { $0.key < $1.key }) {
      let record = AgentRecordCoding.decode(fields: try server.call("HGETALL", keys.agent(AgentID(name))).pairs)
      if record.state.rawValue != agent.state {
        return "\(name) is \(agent.state), Redis says \(record.state)"
      }
    }
    return nil
  }
}

/// Compares what `vigia status --json` says with the truth.
package struct StatusCheck {
  private let server: TestServer
  private let truth: Truth

  init(_ server: TestServer, _ truth: Truth) { (self.server, self.truth) = (server, truth) }

  func difference() throws -> String? {
    guard let json = try Self.read(server) else { return "vigia status --json is not JSON" }
    if json["handler"]?["alive"]?.bool != truth.handlerIsAlive {
      return "status: the handler is \(truth.handlerIsAlive ? "alive" : "dead")"
    }
    let agents = json["agents"]?.list ?? []
    for (name, agent) in truth.agents.sorted(by: { $0.key < $1.key }) {
      guard let told = agents.first(where: { $0["id"]?.text == name }) else {
        if agent.isForgotten { continue }
        return "status does not know \(name)"
      }
      if let difference = difference(told, name, agent) { return "status: \(name) \(difference)" }
    }
    return nil
  }

  private func difference(_ told: JSONValue, _ name: String, _ agent: Truth.Agent) -> String? {
    let state = agent.isActive ? agent.state : "stopped"
    if told["state"]?.text != state { return "is \(state), not \(told["state"]?.text ?? "")" }
    for (metric, value) in agent.metrics.sorted(by: { $0.key < $1.key }) where Truth.levels[metric] != nil {
      let shown = told["metrics"]?[metric]?.double
      if shown.map({ abs($0 - value.value) < 0.001 * max(1, value.value) }) != true {
        return "has \(metric) \(value.value), not \(shown.map { "\($0)" } ?? "none")"
      }
    }
    let alerts = told["alerts"]?.list ?? []
    let count = truth.alertCount(of: name)
    return count.contains(alerts.count) ? nil : "has \(count) alerts, not \(alerts.count)"
  }

  /// What the program says; nil if that is no JSON.
  package static func read(_ server: TestServer) throws -> JSONValue? {
    guard let output = tmpfile() else { throw SystemError("make", "a file") }
    defer { fclose(output) }
    guard case .tcp(let host, let port) = server.endpoint.address else { return nil }
    let child = try Child(
      BuildFolder.path + "/vigia", ["status", "--json"],
      environment: ["VIGIA_REDIS": "redis://\(host):\(port)", "PATH": "/usr/bin:/bin"], output: fileno(output))
    // A handler of this process keeps its lease meanwhile.
    try server.wait { !child.isRunning }
    var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    while case let length = pread(fileno(output), &chunk, chunk.count, off_t(bytes.count)), length > 0 {
      bytes += chunk[..<length]
    }
    return try? JSONValue.parse(bytes)
  }
}
