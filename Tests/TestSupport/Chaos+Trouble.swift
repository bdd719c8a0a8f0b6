import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// Troubles that are not of the handler's making, with commands before, in the middle of and after them.
extension Chaos {
  package enum Trouble: String, CaseIterable, Sendable {
    /// The server forgets everything; or only the handlers' group.
    case flush, group
    /// Entries that nobody can read stand among the commands.
    case poison
    /// While no handler lives, commands are trimmed.
    case trim
    /// The leader is stopped past the end of its lease, and wakes.
    case stop
    /// The server's clock is stepped back, and forward again.
    case clock
    /// The server is killed; it has kept everything, or nothing.
    case kept, lost

    package var isPersistent: Bool { self == .kept }
  }

  private typealias Sent = (id: String, agent: AgentID)

  /// Has one trouble befall a server, its handler and their commands.
  package func run(_ trouble: Trouble) throws {
    let before = try send(3)
    try settle(before, trouble)
    switch trouble {
    case .flush: try flush()
    case .group: try deleteGroup(before)
    case .poison: try poison()
    case .trim: try trim()
    case .stop: try stopLeader()
    case .clock: try stepClock()
    case .kept, .lost: try killServer(isKept: trouble == .kept, before)
    }
    try settle(try send(3), trouble)
  }

  /// What the server says to a handler that begins is cut after so many bytes, on each of its first connections; those
  /// after them are whole.
  package func run(cutAfter bytes: Int) throws {
    handler?.end(SIGKILL)
    _ = try server.call("DEL", keys.lease)
    let sent = try send(2)
    if let proxy {
      let first = proxy.passages.count
      proxy.fault = { $0 < first + 5 ? .cut(after: bytes) : .none }
    }
    try startHandler()
    try settle(sent, "cut after \(bytes)")
  }

  private func send(_ count: Int) throws -> [Sent] {
    try (0..<count).map { _ in
      let agent = next()
      try publish(agent)
      return ("chaos-\(agent.description.dropFirst("agent-".count))", agent)
    }
  }

  private func settle(_ sent: [Sent], _ trouble: Trouble) throws { try settle(sent, trouble.rawValue) }

  private func settle(_ sent: [Sent], _ trouble: String) throws {
    let started = logged.utf8.count
    func told() -> String { String(decoding: Array(logged.utf8.dropFirst(started)).suffix(3000), as: UTF8.self) }
    func found() -> String { sent.map { "\((try? lines(of: $0.id)) ?? [])" }.joined(separator: "\n") }
    try wait("the outcomes of commands, \(trouble); there is \(found()), and the log says \(told())") {
      guard (try? pending()) == 0 else { return false }
      return sent.allSatisfy { command in
        (try? lines(of: command.id).contains { $0.target == .none && $0.phase == .succeeded }) ?? false
      }
    }
    for command in sent { try check(command.id, command.agent, trouble) }
  }

  private func ensure(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw Fault(description: what()) }
  }

  // MARK: What befalls them

  private func fence() throws -> Int64 { try server.call("GET", keys.fence).integer ?? 0 }

  private func flush() throws {
    let fence = try fence()
    _ = try server.call("FLUSHALL")
    try wait("a handler after the flush") { holder != nil }
    let after = try self.fence()
    try ensure(after > fence, "the fence went from \(fence) to \(after) by a flush")
  }

  private func deleteGroup(_ before: [Sent]) throws {
    _ = try server.call("XGROUP", "DESTROY", keys.commands, Keys.group)
    try settle(try send(3), .group)
    // All of the stream was delivered again.
    for command in before { try check(command.id, command.agent, "after the group was deleted") }
    let again = requests.filter { $0.value > 1 }
    try ensure(again.isEmpty, "asked again for \(again.keys.sorted())")
  }

  private func letters() throws -> [[UInt8]] {
    try server.call("XRANGE", keys.dead, "-", "+").elements?.compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Array("reason".utf8) }?.value
    } ?? []
  }

  private func poison() throws {
    let before = try letters().count
    let entries: [[UInt8]] = [
      [], [0xFF, 0x00, 0x1B], Array("{\"entity_id\":".utf8), Array(repeating: UInt8(ascii: "["), count: 4000),
    ]
    var sent: [Sent] = []
    for entry in entries {
      _ = try server.call("XADD", keys.commands, "*", Keys.dataField, entry)
      _ = try server.call("XADD", keys.commands, "*", "other", "x")
      sent += try send(1)
    }
    try settle(sent, .poison)
    let found = try letters().count - before
    try ensure(found == 2 * entries.count, "\(found) of \(2 * entries.count) poisonous entries were put aside")
  }

  private func trim() throws {
    handler?.end(SIGKILL)
    let sent = try send(10)
    _ = try server.call("XTRIM", keys.commands, "MAXLEN", 4)
    let before = try letters().count
    _ = try server.call("DEL", keys.lease)
    try startHandler()
    try settle(Array(sent.suffix(4)), .trim)
    let told = try letters().dropFirst(before).map { String(decoding: $0, as: UTF8.self) }
    try ensure(told == ["6 commands were trimmed before they were read"], "of six that were trimmed it said \(told)")
  }

  private func stopLeader() throws {
    guard let stopped = handler else { return }
    stopped.signal(SIGSTOP)
    // Sent to one that does not answer; its lease ends by itself.
    let sent = try send(3)
    try startHandler()
    try settle(sent, .stop)
    let fence = try fence()
    stopped.signal(SIGCONT)
    // It finds its lease over, and says nothing: commands go on meanwhile.
    try settle(try send(3), .stop)
    let after = try self.fence()
    try ensure(after == fence, "the leader that woke took the lease from its successor")
    stopped.end(SIGKILL)
  }

  private func stepClock() throws {
    clock.set(seconds: -3600)
    try settle(try send(3), .clock)
    // A lease of the old time would stand for an hour yet.
    handler?.end(SIGKILL)
    let sent = try send(3)
    try startHandler()
    try settle(sent, .clock)
    clock.set(seconds: 3600)
    try settle(try send(3), .clock)
    clock.set(seconds: 0)
  }

  private func killServer(isKept: Bool, _ before: [Sent]) throws {
    try server.restart()
    // What is sent while the handler finds back waits for it.
    let sent = try send(3)
    try settle(sent, isKept ? .kept : .lost)
    guard isKept else { return }
    for command in before { try check(command.id, command.agent, "after its server was killed") }
  }
}
