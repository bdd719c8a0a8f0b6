import CLinux
import Glibc
import Loop
import Redis

/// Publishes traffic as cheaply as can be: requests that were put together before, on a socket that waits, whose server
/// keeps its answers to itself.
///
/// A class, since it owns a socket.
final class Feeder {
  private let descriptor: Int32
  private let traffic: Traffic
  /// Requests one after the other, and where each begins; the last number is the end.
  private var requests: [UInt8] = []
  private var starts = [0]

  /// How many are put together at a time where each is sent once.
  private static let chunk = 10_000

  init(_ traffic: Traffic, port: UInt16) throws {
    self.traffic = traffic
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw SystemError("connect to", "127.0.0.1:\(port)") }
    try send(Request("CLIENT", "REPLY", "OFF"))
  }

  deinit { close(descriptor) }

  /// Publishes the messages of these numbers, each once, as fast as the server takes them, and waits until it has.
  func publish(_ numbers: Range<Int>) throws {
    for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: Self.chunk) {
      prepare(first..<min(numbers.upperBound, first + Self.chunk))
      try sendPrepared(0..<starts.count - 1)
    }
    try waitForServer()
  }

  /// Puts requests together, which `run` then sends again and again.
  func prepare(_ numbers: Range<Int>) {
    requests.removeAll(keepingCapacity: true)
    starts = [0]
    for number in numbers {
      traffic.request(number).encode(into: &requests)
      starts.append(requests.count)
    }
  }

  /// Sends what was prepared at a pace.
  ///
  /// - Parameters:
  ///   - rate: messages a second.
  ///   - count: how many; after the last prepared one comes the first again.
  /// - Returns: the seconds that it took, the server's part included.
  func run(rate: Double, count: Int) throws -> Double {
    let started = MonotonicTime.now
    var sent = 0
    while sent < count {
      let due = min(count, Int(MonotonicTime.now.milliseconds(since: started) / 1000 * rate) + 1)
      while sent < due {
        let first = sent % (starts.count - 1)
        let last = min(starts.count - 1, first + due - sent)
        try sendPrepared(first..<last)
        sent += last - first
      }
      if sent < count { usleep(1000) }
    }
    try waitForServer()
    return MonotonicTime.now.milliseconds(since: started) / 1000
  }

  /// Sends so many of what was prepared at once, and waits until the server has taken them.
  func send(first count: Int) throws {
    try sendPrepared(0..<count)
    try waitForServer()
  }

  private func waitForServer() throws {
    try send(Request("CLIENT", "REPLY", "ON"))
    var answer = [UInt8](repeating: 0, count: 5)
    guard recv(descriptor, &answer, answer.count, Int32(MSG_WAITALL)) == answer.count else {
      throw SystemError("read from the server")
    }
    try send(Request("CLIENT", "REPLY", "OFF"))
  }

  private func send(_ request: Request) throws {
    var bytes: [UInt8] = []
    request.encode(into: &bytes)
    try bytes.withUnsafeBytes { try send($0) }
  }

  private func sendPrepared(_ range: Range<Int>) throws {
    try requests.withUnsafeBytes {
      try send(UnsafeRawBufferPointer(rebasing: $0[starts[range.lowerBound]..<starts[range.upperBound]]))
    }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let length = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      guard length > 0 else { throw SystemError("write to the server") }
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
    }
  }
}
