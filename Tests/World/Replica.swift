import Wire

/// A replica of the world's server: what it has so far, some time behind.
///
/// ```
/// server ── all that it has, as it stood when the transfer began ─▶ [on the way] ─▶ replica ── has it ─▶ WAIT is answered
/// ```
/// One transfer is on its way at a time, so that none overtakes another.
final class Replica {
  private unowned let world: SimulatedWorld
  private var model: RedisModel
  /// The count of the server's requests up to which it has all.
  private var offset: Int
  private var isMoving = false
  /// A failover makes another server of it: what is on its way counts no more.
  private var generation = 0
  /// Until when nothing reaches it, in nanoseconds of the world.
  private var stalledUntil: Int64 = 0

  init(_ world: SimulatedWorld) {
    self.world = world
    model = world.server.model
    offset = world.server.offset
    world.server.model.replicas = 1
    world.server.worked = { [unowned self] in follow() }
  }

  /// Nothing reaches it for a while.
  func stall(milliseconds: Int) {
    stalledUntil = max(stalledUntil, world.now + Int64(milliseconds) * 1_000_000)
  }

  private func follow() {
    guard !isMoving, world.isServerUp, world.server.offset > offset else { return }
    isMoving = true
    let (sent, reached, generation) = (world.server.model, world.server.offset, generation)
    let span = world.chance(5) ? world.number(50_000...600_000) : world.number(50...8_000)
    world.schedule(at: max(stalledUntil, world.now + Int64(span) * 1000)) { [self] in
      guard generation == self.generation else { return }
      isMoving = false
      (model, offset) = (sent, reached)
      world.server.acknowledge(offset)
      follow()
    }
  }

  /// Takes the server's place, with what it has; a new replica of it has the same.
  func takeOver() {
    generation += 1
    isMoving = false
    let time = world.server.model.microseconds
    world.server.model = model
    world.server.model.microseconds = time
    world.server.model.runs += 1
    world.server.model.replicas = 1
    world.server.model.denials = []
    world.server.model.forgetScripts()
    offset = world.server.offset
  }
}

extension SimulatedWorld {
  /// The server dies, and after a while its replica serves in its place: what had not reached it is lost.
  func failOver(to replica: Replica) {
    guard isServerUp else { return }
    tell("the server dies")
    isServerUp = false
    for cable in openCables { cable.cut(chance(50) ? .beforeServer : .afterServer) }
    server.closeAll()
    schedule(inMilliseconds: number(300...4000)) { [self] in
      replica.takeOver()
      tell("its replica serves")
      isServerUp = true
    }
  }
}
