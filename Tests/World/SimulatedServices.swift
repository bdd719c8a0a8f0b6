import HTTP

/// The services outside, as one handler reaches them.
final class SimulatedServices: HTTPSender {
  private unowned let world: SimulatedWorld
  private unowned let node: HandlerNode
  private let life: Int

  init(world: SimulatedWorld, node: HandlerNode) {
    self.world = world
    self.node = node
    life = node.life
  }

  @discardableResult
  func send(_ request: HTTPRequest, _ completion: @escaping (HTTPResult) -> Void) -> HTTPCall {
    let call = Sent()
    world.service.take(request) { [self] milliseconds, result in
      world.schedule(inMilliseconds: max(1, milliseconds)) { [self] in
        world.run(on: node) { [self] in
          if !call.isOver, node.life == life { completion(result) }
          call.isOver = true
        }
      }
    }
    return HTTPCall { call.isOver = true }
  }

  /// Whether nobody waits for an answer any more.
  private final class Sent {
    var isOver = false
  }
}
