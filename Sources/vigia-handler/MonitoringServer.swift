import FleetModel
import HTTPServer
import Handler
import Logging
import Loop

/// Serves what a handler tells of itself, at the address of its settings.
///
/// An address that cannot be had is said once, and tried again every few seconds: the handler itself goes on.
final class MonitoringServer {
  private let loop: Loop
  private let log: Log
  private let monitor: Monitor
  private var address: ListenAddress?
  private var server: HTTPServer?
  private var retry: Loop.TimerID?
  /// What was said of the address last.
  private var said = ""

  private static let retrySpan: Int64 = 5000

  init(loop: Loop, log: Log, monitor: Monitor) {
    (self.loop, self.log, self.monitor) = (loop, log, monitor)
  }

  /// Serves at another address; at none if it is nil.
  func apply(_ new: ListenAddress?) {
    guard new != address else { return }
    loop.cancel(retry)
    (address, server, said) = (new, nil, "")
    open()
  }

  private func open() {
    guard let address else { return }
    do throws(SystemError) {
      let server = try HTTPServer(loop: loop, address: address.address.bytes, port: address.port) {
        [weak monitor] request, reply in
        monitor?.answer(request, reply)
      }
      self.server = server
      log(.info, "serving metrics", ["at": "http://\(ListenAddress(address.address, server.port))/metrics"])
    } catch {
      say("\(error)", of: address)
      retry = loop.schedule(inMilliseconds: Self.retrySpan) { [weak self] in self?.open() }
    }
  }

  private func say(_ error: String, of address: ListenAddress) {
    guard error != said else { return }
    said = error
    log(.error, "cannot serve metrics; trying again", ["address": "\(address)", "error": error])
  }
}
