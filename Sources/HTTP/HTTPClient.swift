import CCurl
import Glibc
import Loop

/// Sends requests to services outside, on the loop's own thread: libcurl says which sockets and which time it waits for,
/// and the loop waits for them.
///
/// It is a class because libcurl calls it back by its address. Letting go of it ends what is under way, unanswered.
package final class HTTPClient: HTTPSender {
  private let loop: Loop
  private let multi: UnsafeMutableRawPointer
  private let authorities: String?
  private var timer: Loop.TimerID?
  private var sockets: Set<Int32> = []
  private var transfers: [UInt64: HTTPTransfer] = [:]
  /// Refused before they were sent: their timers, which say so.
  private var refusals: [UInt64: Loop.TimerID] = [:]
  private var lastNumber: UInt64 = 0

  /// How many are under way.
  package var count: Int { transfers.count + refusals.count }

  /// Its first makes the process ignore SIGPIPE: libcurl leaves that to the program, and a service that hangs up at the
  /// wrong moment would end it.
  private static let library: CURLcode = {
    signal(SIGPIPE, SIG_IGN)
    return vigia_curl_start()
  }()

  /// - Parameter authorities: a PEM file of the certificates to trust instead of the system's.
  package init(loop: Loop, authorities: String? = nil) throws(SystemError) {
    guard Self.library == CURLE_OK, let multi = curl_multi_init() else {
      throw SystemError("start", "libcurl", code: ENOMEM)
    }
    self.loop = loop
    self.multi = multi
    self.authorities = authorities
    listen()
  }

  deinit {
    // Nothing may call back into what is going.
    _ = vigia_curl_on_socket(multi, nil, nil)
    _ = vigia_curl_on_timer(multi, nil, nil)
    loop.cancel(timer)
    for refusal in refusals.values { loop.cancel(refusal) }
    for transfer in transfers.values { curl_multi_remove_handle(multi, transfer.easy) }
    for socket in sockets { loop.unwatch(socket) }
    curl_multi_cleanup(multi)
  }

  /// Sends a request.
  ///
  /// - Parameter completion: called once, in a later turn of the loop and never from within `send`; not at all once the
  ///   call is cancelled, or after the turn in which the client was let go.
  @discardableResult
  package func send(_ request: HTTPRequest, _ completion: @escaping (HTTPResult) -> Void) -> HTTPCall {
    lastNumber += 1
    let number = lastNumber
    do throws(HTTPFailure) {
      transfers[number] = try start(request, completion)
    } catch {
      refusals[number] = loop.schedule(at: .now) { [weak self] in
        self?.refusals[number] = nil
        completion(.failed(error))
      }
    }
    return HTTPCall { [weak self] in self?.cancel(number) }
  }

  private func cancel(_ number: UInt64) {
    loop.cancel(refusals.removeValue(forKey: number))
    guard let transfer = transfers.removeValue(forKey: number) else { return }
    curl_multi_remove_handle(multi, transfer.easy)
  }

  private func start(
    _ request: HTTPRequest, _ completion: @escaping (HTTPResult) -> Void
  ) throws(HTTPFailure) -> HTTPTransfer {
    let subject = try request.checked()
    guard let transfer = HTTPTransfer(request, subject: subject, authorities: authorities, completion) else {
      throw .unsent("\(subject): out of memory")
    }
    let code = curl_multi_add_handle(multi, transfer.easy)
    guard code == CURLM_OK else { throw .unsent("\(subject): \(String(cString: curl_multi_strerror(code)))") }
    return transfer
  }

  // MARK: What libcurl asks of the loop

  private func listen() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    let onSocket: curl_socket_callback = { _, socket, what, context, _ in
      guard let context else { return -1 }
      Unmanaged<HTTPClient>.fromOpaque(context).takeUnretainedValue().watch(socket, what)
      return 0
    }
    let onTimer: curl_multi_timer_callback = { _, milliseconds, context in
      guard let context else { return -1 }
      Unmanaged<HTTPClient>.fromOpaque(context).takeUnretainedValue().wake(inMilliseconds: milliseconds)
      return 0
    }
    _ = vigia_curl_on_socket(multi, onSocket, context)
    _ = vigia_curl_on_timer(multi, onTimer, context)
  }

  /// - Parameter what: `CURL_POLL_NONE`, `IN`, `OUT`, `INOUT` or `REMOVE`.
  private func watch(_ socket: Int32, _ what: Int32) {
    var interest: Loop.Interest = []
    if what == CURL_POLL_IN || what == CURL_POLL_INOUT { interest.insert(.readable) }
    if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { interest.insert(.writable) }
    guard !interest.isEmpty else {
      // Also if it waits for nothing: a hang-up would wake the loop over and over.
      sockets.remove(socket)
      return loop.unwatch(socket)
    }
    guard sockets.insert(socket).inserted else { return loop.change(socket, to: interest) }
    loop.watch(socket, interest) { [weak self] readiness in self?.advance(socket, readiness) }
  }

  /// - Parameter span: negative for never. It is a timer also if it is zero, since libcurl may not be called from here.
  private func wake(inMilliseconds span: Int) {
    loop.cancel(timer)
    timer = nil
    guard span >= 0 else { return }
    timer = loop.schedule(inMilliseconds: Int64(span)) { [weak self] in
      guard let self else { return }
      timer = nil
      var running: Int32 = 0
      _ = vigia_curl_time_is_up(multi, &running)
      completeEnded()
    }
  }

  private func advance(_ socket: Int32, _ readiness: Loop.Readiness) {
    var events: Int32 = 0
    if readiness.readable { events |= CURL_CSELECT_IN }
    if readiness.writable { events |= CURL_CSELECT_OUT }
    var running: Int32 = 0
    curl_multi_socket_action(multi, socket, events, &running)
    completeEnded()
  }

  /// One after another: a completion may send, cancel, or let go of this client.
  private func completeEnded() {
    var code = CURLE_OK
    while let easy = vigia_curl_next_ended(multi, &code) {
      guard let (number, transfer) = transfers.first(where: { $0.value.easy == easy }) else { continue }
      transfers[number] = nil
      curl_multi_remove_handle(multi, easy)
      transfer.completion(transfer.result(code))
    }
  }
}
