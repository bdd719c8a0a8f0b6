import Glibc
import Loop

/// One connection of a handler to the server: bytes go both ways, in order, and take their time.
///
/// ```
/// handler ── send ─▶ [on the way] ─▶ server ── answer ─▶ [on the way] ─▶ inbox ── receive ─▶ handler
/// ```
final class Cable: Transport {
  private enum State { case connecting, refused, up, reset, closed }

  /// What may befall the bytes that are on their way when a cable is cut.
  enum Cut {
    /// The server never gets what was sent.
    case beforeServer
    /// The server does its work, and its answer is lost.
    case afterServer
  }

  let id: Int
  private unowned let world: SimulatedWorld
  unowned let node: HandlerNode
  private let address: String
  private var state = State.connecting
  private var ready: ((Loop.Readiness) -> Void)?
  private var interest: Loop.Interest = [.writable]
  private var inbox: Bytes = []
  private var isCallDue = false
  private var losesRequests = false
  private var losesAnswers = false
  /// When the last bytes arrive, each way: none overtakes another.
  private var lastAtServer: Int64 = 0
  private var lastAtHandler: Int64 = 0

  init(_ id: Int, _ world: SimulatedWorld, _ node: HandlerNode, _ address: String) {
    (self.id, self.world, self.node, self.address) = (id, world, node, address)
  }

  var isOpen: Bool { state == .up }

  // MARK: The handler's end

  func open(_ ready: @escaping (Loop.Readiness) -> Void) {
    self.ready = ready
    world.schedule(at: world.arrival(from: node, after: 0)) { [self] in
      guard state == .connecting else { return }
      if world.isServerUp {
        state = .up
        world.server.open(id)
      } else {
        state = .refused
      }
      world.run(on: node) { [self] in self.ready?(Loop.Readiness(readable: false, writable: true)) }
    }
  }

  func finishConnecting() throws(SystemError) {
    guard state == .up else { throw SystemError("connect to", address, code: ECONNREFUSED) }
    interest = []
  }

  func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    guard state == .up else { throw SystemError("send to", address, code: EPIPE) }
    let bytes = Array(bytes)
    lastAtServer = world.arrival(from: node, after: lastAtServer)
    world.schedule(at: lastAtServer) { [self] in
      if !losesRequests { world.server.receive(bytes, from: id) }
    }
    return bytes.count
  }

  func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    if inbox.isEmpty {
      if state == .up { return nil }
      throw SystemError("read from", address, code: ECONNRESET)
    }
    let count = min(buffer.count, inbox.count)
    buffer.copyBytes(from: inbox[..<count])
    inbox.removeFirst(count)
    return count
  }

  func wait(for interest: Loop.Interest) {
    self.interest = interest
    callIfReadable()
  }

  func close() {
    guard state != .closed else { return }
    state = .closed
    ready = nil
    world.schedule(at: max(lastAtServer, world.now)) { [self] in world.server.close(id) }
    world.forget(self)
  }

  // MARK: The server's end

  func answer(_ bytes: Bytes) {
    guard !losesAnswers else { return }
    lastAtHandler = world.arrival(from: node, after: lastAtHandler)
    world.schedule(at: lastAtHandler) { [self] in
      guard state == .up, !losesAnswers else { return }
      inbox += bytes
      callIfReadable()
    }
  }

  /// Cuts it: the handler finds its connection reset.
  func cut(_ cut: Cut) {
    guard state == .up else { return }
    losesAnswers = true
    losesRequests = cut == .beforeServer
    world.schedule(at: max(lastAtServer, world.now)) { [self] in world.server.close(id) }
    world.schedule(at: world.arrival(from: node, after: 0)) { [self] in
      guard state == .up else { return }
      state = .reset
      callIfReadable()
    }
  }

  /// The handler is no more: nothing of it arrives any longer, or only what it had sent.
  func abandon(losesRequests: Bool) {
    self.losesRequests = losesRequests
    close()
  }

  // MARK: Readiness

  private var isReadable: Bool {
    ready != nil && interest.contains(.readable) && (!inbox.isEmpty || state == .reset)
  }

  private func callIfReadable() {
    guard isReadable, !isCallDue else { return }
    isCallDue = true
    world.schedule(at: world.now) { [self] in
      world.run(on: node) { [self] in
        isCallDue = false
        if isReadable { ready?(Loop.Readiness(readable: true, writable: false)) }
        callIfReadable()
      }
    }
  }
}
