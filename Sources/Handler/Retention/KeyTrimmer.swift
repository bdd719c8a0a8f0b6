import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Lets go of spare keys, some at a time, as long as too much is kept.
///
/// A class, since it waits for answers.
final class KeyTrimmer {
  /// A key and what it takes.
  typealias Measured = (key: [UInt8], bytes: Int64)

  private let session: LeaseSession
  private let spare: SpareKeys
  private let script = Script(KeyTrimmer.script)
  /// What may go; it goes further while that is not enough.
  var stage = SpareKeys.Stage.told
  /// What has left since it was last taken.
  private(set) var released = (toldMarks: 0, targetMarks: 0, bytes: Int64(0))
  /// Commands of which it is known whether they have ended.
  private var ended: [CommandID: Bool] = [:]
  private var complainedAt: MonotonicTime?

  private static let mostCommands = 10_000

  init(session: LeaseSession) {
    self.session = session
    spare = SpareKeys(session.keys)
  }

  func takeReleased() -> (toldMarks: Int, targetMarks: Int, bytes: Int64) {
    defer { (released, ended) = ((0, 0, 0), [:]) }
    return released
  }

  /// Lets go of those among some keys that may go.
  ///
  /// - Parameter completion: gets how many bytes they took.
  func release(_ keys: [Measured], _ completion: @escaping (Int64) -> Void) {
    let told = keys.filter { spare.kind(of: $0.key) == .told }
    guard let age = stage.age else { return remove(told, targets: 0, completion) }
    let targets = keys.compactMap { measured -> (measured: Measured, id: CommandID)? in
      guard case .target(let id) = spare.kind(of: measured.key) else { return nil }
      return (measured, id)
    }
    findOld(targets, age) { [weak self] old in
      self?.remove(told + old, targets: old.count, completion)
    }
  }

  /// Finds those that are old enough, and whose command has ended.
  private func findOld(
    _ targets: [(measured: Measured, id: CommandID)], _ age: TimeSpan, _ completion: @escaping ([Measured]) -> Void
  ) {
    if ended.count > Self.mostCommands { ended = [:] }
    session.read(targets.map { Request("PTTL", $0.measured.key) }) { [weak self] replies in
      guard let self else { return }
      let most = HandlerOptions.marksStay.milliseconds - age.milliseconds
      let old = zip(targets, replies).filter { (0...most).contains($1.integer ?? -1) }.map(\.0)
      let unknown = Array(Set(old.map(\.id)).filter { self.ended[$0] == nil })
      session.read(unknown.map { Request("GET", self.session.keys.mark($0.text)) }) { [weak self] replies in
        guard let self else { return }
        for (id, reply) in zip(unknown, replies) {
          ended[id] = reply.bytes.flatMap { CommandRecord($0) }?.closed != nil
        }
        completion(old.filter { self.ended[$0.id] == true }.map(\.measured))
      }
    }
  }

  private func remove(_ keys: [Measured], targets: Int, _ completion: @escaping (Int64) -> Void) {
    guard !keys.isEmpty, session.mayAct else { return completion(0) }
    let all = [session.keys.fence] + keys.map(\.key)
    script.run(on: session.connection, keys: all, arguments: EncodedArguments(session.fence)) { [weak self] result in
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      if let error = reply.error {
        if error.code == "FENCED" { return session.lose(error.text) }
        complain(error)
        return completion(0)
      }
      let bytes = keys.reduce(0) { $0 + $1.bytes }
      released.toldMarks += keys.count - targets
      released.targetMarks += targets
      released.bytes += bytes
      completion(bytes)
    }
  }

  private func complain(_ error: ServerError) {
    let now = MonotonicTime.now
    if let complainedAt, now.milliseconds(since: complainedAt) < 60_000 { return }
    complainedAt = now
    session.log(.error, "cannot let go of marks", ["error": error.text])
  }

  /// KEYS: the fence, then what leaves. ARGV: the fence.
  private static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    local count = 0
    for at = 2, #KEYS do count = count + redis.call('DEL', KEYS[at]) end
    return count
    """
}
