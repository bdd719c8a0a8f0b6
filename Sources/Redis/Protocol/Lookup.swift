import CLinux
import Glibc
import Loop

/// A host's name on its way to becoming addresses, beside the loop: a name server may be silent for half a minute, and
/// nothing can end that. Letting go of it forgets the answer; what still runs frees itself.
struct Lookup: ~Copyable {
  private let shared: UnsafeMutablePointer<vigia_lookup>

  /// Begins; the descriptor is readable once there is an answer.
  init(host: String, port: UInt16) throws(ConnectionFailure) {
    guard let shared = vigia_lookup_start(host, String(port)) else { throw .system(SystemError("look up", host)) }
    self.shared = shared
  }

  deinit { vigia_lookup_release(shared) }

  var descriptor: Int32 { shared.pointee.done }

  /// What was found, in the order to try it, or why nothing was. To be asked once the descriptor is readable.
  var answer: Result<[SocketAddress], ConnectionFailure> {
    let addresses = SocketAddress.all(shared.pointee.result)
    guard shared.pointee.status == 0, !addresses.isEmpty else {
      let reason = String(cString: gai_strerror(shared.pointee.status))
      return .failure(.unresolved(host: String(cString: shared.pointee.host), reason: reason))
    }
    return .success(addresses)
  }
}
