import CLinux
import Glibc
import Loop

/// Says the same bytes to whoever connects, listens to nobody, and keeps the connection.
package final class Speaker {
  private var listener: Listener?

  /// - Parameter keep: gets each connection, to close it.
  package init(loop: Loop, _ bytes: [UInt8], _ keep: @escaping (Int32) -> Void) throws {
    listener = try Listener(loop: loop) { client in
      _ = bytes.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      keep(client)
    }
  }

  deinit { listener?.close() }

  package var port: UInt16 { listener?.port ?? 0 }
}
