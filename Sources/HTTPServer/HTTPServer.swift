import CMicrohttpd
import Exposition
import Glibc
import Loop

/// Serves small pages over HTTP on the loop's own thread: libmicrohttpd reads requests and writes replies when its epoll
/// descriptor or its time says so.
///
/// Connections, their time and the size of a request are bounded, so that no client holds up the loop or others for long.
/// A class, because libmicrohttpd calls it back by its address. Letting go of it closes all connections.
package final class HTTPServer {
  /// Answers a request by calling `reply` once, at once or in a later turn.
  package typealias Responder = (_ request: ServedRequest, _ reply: @escaping (ServedReply) -> Void) -> Void

  /// What bounds its clients.
  package struct Limits: Sendable {
    /// How many have a connection at once; others wait until one is over.
    package var connections = 16
    /// How long a connection may take from its beginning to its end, in milliseconds.
    package var span: Int64 = 20_000
    /// How long nothing may happen on it, in seconds.
    package var idleSeconds = 10
    /// What a request's line and headers may take, in bytes.
    package var requestBytes = 16 * 1024

    package init() {}
  }

  private let loop: Loop
  private let limits: Limits
  private let respond: Responder
  private var daemon: OpaquePointer?
  private var descriptor: Int32 = -1
  private var timer: Loop.TimerID?
  private var deadlines: Loop.TimerID?
  /// The socket of each connection, and when it has to be over.
  private var connections: [OpaquePointer: (socket: Int32, due: MonotonicTime)] = [:]
  /// Whether a connection was closed in the present run.
  private var hasClosed = false
  /// Requests whose connections wait for a reply.
  private var suspended: [ObjectIdentifier: HTTPExchange] = [:]

  /// Begins to serve.
  ///
  /// - Parameters:
  ///   - address: 4 bytes of IPv4 or 16 of IPv6.
  ///   - port: 0 for a free one.
  package init(
    loop: Loop, address: [UInt8], port: UInt16, limits: Limits = Limits(), _ respond: @escaping Responder
  ) throws(SystemError) {
    (self.loop, self.limits, self.respond) = (loop, limits, respond)
    let socket = try ListeningSocket.open(address, port)
    self.port = ListeningSocket.port(of: socket)
    let context = Unmanaged.passUnretained(self).toOpaque()
    let daemon = vigia_mhd_start(
      socket, UInt32(limits.connections), UInt32(limits.idleSeconds), limits.requestBytes, Self.onRequest,
      Self.onCompletion, Self.onConnection, context)
    guard let daemon else { throw SystemError("start", "libmicrohttpd", code: ENOMEM) }
    (self.daemon, descriptor) = (daemon, vigia_mhd_epoll(daemon))
    loop.watch(descriptor, .readable) { [weak self] _ in self?.run() }
  }

  /// Where it listens.
  package let port: UInt16

  /// How many connections there are.
  package var connectionCount: Int { connections.count }

  deinit {
    loop.cancel(timer)
    loop.cancel(deadlines)
    guard let daemon else { return }
    loop.unwatch(descriptor)
    // libmicrohttpd may not be stopped while a connection waits.
    for exchange in suspended.values { MHD_resume_connection(exchange.connection) }
    MHD_stop_daemon(daemon)
  }

  // MARK: Turns

  /// Lets libmicrohttpd do what can be done, and asks when it wants to go on.
  private func run() {
    guard let daemon else { return }
    hasClosed = false
    MHD_run(daemon)
    loop.cancel(timer)
    timer = nil
    // It takes the next connection only in the run after the one in which it has closed one, and does not ask for it.
    let span = hasClosed ? 0 : vigia_mhd_wait(daemon)
    guard span >= 0 else { return }
    timer = loop.schedule(inMilliseconds: Int64(span)) { [weak self] in self?.run() }
  }

  // MARK: Requests

  private static let onRequest: MHD_AccessHandlerCallback = { context, connection, path, method, _, _, length, held in
    guard let context, let connection, let held else { return vigia_mhd_result(0) }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    if let known = held.pointee {
      // What a client sends besides is not read.
      length?.pointee = 0
      return server.goOn(Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue())
    }
    let exchange = HTTPExchange(connection)
    held.pointee = Unmanaged.passRetained(exchange).toOpaque()
    return server.begin(exchange, method, path)
  }

  private static let onCompletion: MHD_RequestCompletedCallback = { context, _, held, _ in
    guard let known = held?.pointee else { return }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeRetainedValue()
    held?.pointee = nil
    guard let context else { return }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    server.suspended[ObjectIdentifier(exchange)] = nil
  }

  private func begin(
    _ exchange: HTTPExchange, _ method: UnsafePointer<CChar>?, _ path: UnsafePointer<CChar>?
  ) -> MHD_Result {
    func header(_ name: String) -> String? {
      vigia_mhd_header(exchange.connection, name).map { String(cString: $0) }
    }
    let request = ServedRequest(
      method: method.map { String(cString: $0) } ?? "", path: path.map { String(cString: $0) } ?? "",
      accept: header("Accept") ?? "", authorization: header("Authorization"),
      format: vigia_mhd_query(exchange.connection, "format").map { String(cString: $0) },
      hasBody: header("Transfer-Encoding") != nil || header("Content-Length") ?? "0" != "0")
    respond(request) { [weak self, weak exchange] reply in
      guard let self, let exchange, exchange.reply == nil else { return }
      exchange.reply = reply
      resume(exchange)
    }
    return goOn(exchange)
  }

  /// Sends the reply, or waits for it.
  private func goOn(_ exchange: HTTPExchange) -> MHD_Result {
    if let reply = exchange.reply { return vigia_mhd_result(exchange.send(reply)) }
    guard !exchange.isSuspended else { return vigia_mhd_result(1) }
    exchange.isSuspended = true
    suspended[ObjectIdentifier(exchange)] = exchange
    MHD_suspend_connection(exchange.connection)
    return vigia_mhd_result(1)
  }

  private func resume(_ exchange: HTTPExchange) {
    guard exchange.isSuspended else { return }
    exchange.isSuspended = false
    suspended[ObjectIdentifier(exchange)] = nil
    MHD_resume_connection(exchange.connection)
    // Not from within a call of its own.
    loop.cancel(timer)
    timer = loop.schedule(at: .now) { [weak self] in self?.run() }
  }

  // MARK: The time of a connection

  private static let onConnection: MHD_NotifyConnectionCallback = { context, connection, _, what in
    guard let context, let connection else { return }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    if vigia_mhd_begins(what) != 0 {
      let due = MonotonicTime.now.adding(milliseconds: server.limits.span)
      server.connections[connection] = (vigia_mhd_socket(connection), due)
      server.armDeadline()
    } else {
      server.connections[connection] = nil
      server.hasClosed = true
    }
  }

  private func armDeadline() {
    guard deadlines == nil, let next = connections.values.lazy.map(\.due).min() else { return }
    deadlines = loop.schedule(at: next) { [weak self] in
      guard let self else { return }
      deadlines = nil
      let now = MonotonicTime.now
      // libmicrohttpd finds its end, and closes it.
      for connection in connections.values where connection.due <= now { shutdown(connection.socket, Int32(SHUT_RDWR)) }
      for (key, connection) in connections where connection.due <= now {
        connections[key]?.due = connection.due.adding(milliseconds: limits.span)
      }
      armDeadline()
    }
  }
}
