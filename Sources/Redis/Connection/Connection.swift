import Loop
import Wire

/// One connection to a Redis: requests out in order, answers back in order.
///
/// It logs in and picks its database by itself before `onReady`. It fails once and for all; `Link` makes the next one.
/// A class, because the loop's handlers and everybody who sends share it.
package final class Connection {
  /// What a completion gets: the answer, or why none will come.
  package typealias Completion = (Result<Reply, ConnectionFailure>) -> Void

  struct Pending {
    let expectation: ReplyReader.Expectation
    let completion: Completion
  }

  enum State { case dialing, up, closed }

  private let loop: Loop
  /// The server it speaks to.
  package let endpoint: Endpoint
  private var carrier: Carrier
  var state = State.dialing
  private let reader = ReplyReader()
  var output: [UInt8] = []
  private var outputStart = 0
  private var flushIsDue = false
  private var receiptIsDue = false
  var pending: [Pending] = []
  private var pendingStart = 0
  /// After a subscription every reply is a message.
  var receiver: MessageReceiver?
  private var expectationIsSet = false
  /// What the socket is watched for.
  private var interest: Loop.Interest = [.writable]
  /// While set, what the server says waits in the socket.
  package var isPaused = false {
    didSet {
      // What waited meanwhile was nobody's silence.
      if oldValue, !isPaused, waitingSince != nil { waitingSince = .now }
      if state == .up {
        followInterest()
        receiveWhatIsHeld()
      }
    }
  }
  /// Since when an answer is owed and nothing has come.
  private var waitingSince: MonotonicTime?
  /// When the server said something last; nil until it has.
  package private(set) var heardAt: MonotonicTime?

  let onReady: () -> Void
  private let onFailure: (ConnectionFailure) -> Void
  /// Told of an answer by which this may not be the server that serves; whoever asked has it first.
  var onMisplaced: (ServerError) -> Void = { _ in }
  /// Whether a replica will not do.
  let needsPrimary: Bool

  /// A turn reads for at most this long before others get theirs.
  private static let readBudgetMilliseconds: Int64 = 8
  /// hiredis moves the rest of its buffer for every small reply: messages are fed in small pieces.
  private static let messageChunk = 16 * 1024

  /// Begins to connect.
  ///
  /// - Parameters:
  ///   - needsPrimary: whether a replica will not do.
  ///   - onReady: called once, when requests can be answered. Requests sent before wait.
  ///   - onFailure: called once, at the end, after every completion.
  package init(
    loop: Loop, endpoint: Endpoint, needsPrimary: Bool = false, onReady: @escaping () -> Void,
    onFailure: @escaping (ConnectionFailure) -> Void
  ) throws(ConnectionFailure) {
    self.loop = loop
    self.needsPrimary = needsPrimary
    self.endpoint = endpoint
    self.onReady = onReady
    self.onFailure = onFailure
    carrier = try Carrier.dial(loop, endpoint)
    carrier.watch { [weak self] in self?.ready($0) }
  }

  deinit { carrier.stopWatching() }

  // MARK: Sending

  /// Sends a request and hands its whole answer to `completion`.
  package func send(_ request: Request, _ completion: @escaping Completion = { _ in }) {
    send(request, expecting: .tree, completion)
  }

  /// Sends a request whose answer is read as it passes; the completion gets null at its end, or an error.
  package func send(
    _ request: Request, expecting expectation: ReplyReader.Expectation, _ completion: @escaping Completion
  ) {
    guard state != .closed else { return completion(.failure(.closedHere)) }
    request.encode(into: &output)
    pending.append(Pending(expectation: expectation, completion: completion))
    expectBytes()
    scheduleFlush()
  }

  /// For how many milliseconds an answer has been owed without a byte of it; nil if none is.
  package func silence(at now: MonotonicTime) -> Int64? {
    waitingSince.map { Int64(now.milliseconds(since: $0)) }
  }

  func expectBytes() {
    if waitingSince == nil { waitingSince = .now }
  }

  /// Whether bytes still wait to be sent.
  package var hasOutput: Bool { outputStart < output.count }

  /// How many answers are still to come.
  package var pendingCount: Int { pending.count - pendingStart }

  /// Closes it; completions that still wait get `closedHere`.
  package func close() { fail(.closedHere) }

  /// Fails an attempt that takes too long, saying what it waited for.
  func giveUp(after milliseconds: Int64) {
    if carrier.isShakingHands { return fail(.tls(.silentInHandshake(milliseconds: milliseconds))) }
    let silence = ConnectionFailure.silent(milliseconds: milliseconds)
    fail(carrier.unresolved.map { .unresolved(host: $0, reason: "\(silence)") } ?? silence)
  }

  /// Fails it for a reason that the caller found, such as silence.
  package func fail(_ failure: ConnectionFailure) {
    guard state != .closed else { return }
    state = .closed
    carrier.stopWatching()
    carrier.close()
    let waiting = pending[pendingStart...]
    pending = []
    pendingStart = 0
    for item in waiting { item.completion(.failure(failure)) }
    onFailure(failure)
  }

  // MARK: The socket

  private func ready(_ readiness: Loop.Readiness) {
    switch state {
    case .dialing: dialOn()
    case .up:
      // TLS may have to write to read, and to read to write.
      if readiness.readable || carrier.mixesInterests && !isPaused { receive() }
      if state == .up, readiness.writable || carrier.mixesInterests && hasOutput { flush() }
    case .closed: break
    }
  }

  private func dialOn() {
    // The next step may close the descriptor.
    carrier.stopWatching()
    do throws(ConnectionFailure) {
      guard try carrier.proceed() else { return carrier.watch { [weak self] in self?.ready($0) } }
    } catch {
      return fail(error)
    }
    state = .up
    interest = .readable
    carrier.watchConnected(.readable) { [weak self] in self?.ready($0) }
    logIn()
    flush()
    receiveWhatIsHeld()
  }

  func scheduleFlush() {
    guard !flushIsDue, state == .up else { return }
    flushIsDue = true
    loop.later { [weak self] in
      self?.flushIsDue = false
      self?.flush()
    }
  }

  /// Writes what the socket takes; the rest goes when it is writable again.
  package func flush() {
    guard state == .up else { return }
    while hasOutput {
      do throws(ConnectionFailure) {
        let sent = try output.withUnsafeBufferPointer { (bytes) throws(ConnectionFailure) in
          try carrier.send(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[outputStart...])))
        }
        guard sent > 0 else { return followInterest() }
        outputStart += sent
      } catch {
        return fail(error)
      }
    }
    output.removeAll(keepingCapacity: output.capacity < 1 << 20)
    outputStart = 0
    followInterest()
  }

  private func followInterest() {
    var wanted: Loop.Interest = isPaused ? [] : [.readable]
    if hasOutput { wanted.insert(.writable) }
    wanted = carrier.interest(for: wanted)
    guard wanted != interest else { return }
    interest = wanted
    carrier.change(to: wanted)
  }

  private func receive() {
    readOn()
    guard state == .up else { return }
    followInterest()
    receiveWhatIsHeld()
  }

  private func readOn() {
    let started = MonotonicTime.now
    let chunk = receiver == nil ? loop.scratch.count : Self.messageChunk
    repeat {
      do throws(ConnectionFailure) {
        let room = reader.room(for: chunk)
        let buffer = room ?? UnsafeMutableRawBufferPointer(rebasing: loop.scratch[..<chunk])
        guard let length = try carrier.receive(into: buffer) else { return }
        guard length > 0 else { return failReading(.closedByServer) }
        if isAlert(buffer[..<length]) { return fail(.tls(.wantsTLS)) }
        if room != nil { reader.filled(length) }
        take(room == nil ? UnsafeRawBufferPointer(rebasing: buffer[..<length]) : nil)
        // A short read has emptied the socket; asking once more would only cost a call.
        guard state == .up, !isPaused, length == chunk else { return }
      } catch {
        return failReading(error)
      }
    } while MonotonicTime.now.milliseconds(since: started) < Double(Self.readBudgetMilliseconds)
  }

  /// Goes on in the next turn with what no readiness of the socket will tell of.
  private func receiveWhatIsHeld() {
    guard state == .up, !isPaused, !receiptIsDue, carrier.holdsMore else { return }
    receiptIsDue = true
    loop.schedule(inMilliseconds: 0) { [weak self] in
      guard let self else { return }
      receiptIsDue = false
      if state == .up, !isPaused { receive() }
    }
  }

  /// - Parameter bytes: what has come; nil if it stands in the reader's own buffer.
  private func take(_ bytes: UnsafeRawBufferPointer?) {
    waitingSince = nil
    heardAt = .now
    parse(bytes)
    if pendingCount > 0 { expectBytes() }
  }

  private func parse(_ bytes: UnsafeRawBufferPointer?) {
    do throws(ProtocolError) {
      // The reader has its own copy from here on: the bytes may be overwritten.
      if let bytes { try reader.feed(bytes) }
      while state == .up {
        setExpectation()
        guard let reply = try reader.next() else { return }
        expectationIsSet = false
        complete(reply)
      }
    } catch {
      fail(.brokenProtocol(error))
    }
  }

  /// Tells the reader what comes next, before the first byte of it is parsed.
  private func setExpectation() {
    guard !expectationIsSet else { return }
    if pendingStart < pending.count {
      reader.expectation = pending[pendingStart].expectation
    } else if let receiver {
      reader.expectation = .messages(receiver)
    } else {
      return
    }
    if case .entries(let assembler) = reader.expectation { assembler.begin() }
    expectationIsSet = true
  }

  private func complete(_ reply: Reply) {
    guard pendingStart < pending.count else {
      if let error = reply.error, receiver?.refuse(error) != true { fail(.refused(error)) }
      return
    }
    let item = pending[pendingStart]
    pendingStart += 1
    // Keep the queue from growing with every request ever sent.
    if pendingStart > 64, pendingStart * 2 > pending.count {
      pending.removeFirst(pendingStart)
      pendingStart = 0
    }
    item.completion(.success(reply))
    if state == .up, let error = reply.error, error.mayBeOfWrongServer { onMisplaced(error) }
  }
}
