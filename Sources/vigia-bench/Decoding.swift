import CSimdjsonBaseline
import FleetModel
import Wire

/// Events out of memory, one after the other: the product's decoder and simdjson, with the same six fields.
struct Decoding {
  private var bytes: [UInt8] = []
  private var starts: [UInt32] = [0]

  private var count: Int { starts.count - 1 }

  init(events: Int, agents: Int, length: Int) {
    let traffic = Traffic(agents: agents, format: .plain, length: length)
    for number in 0..<events {
      bytes += traffic.message(number)
      starts.append(UInt32(bytes.count))
    }
    bytes += [UInt8](repeating: 0, count: Int(vigia_simdjson_padding()))
  }

  /// Microseconds of CPU an event.
  func product() throws -> Double {
    let decoder = EventDecoder()
    var event = Event(bytes: UnsafeRawBufferPointer(start: nil, count: 0), receivedAt: .epoch)
    var whole = 0
    let cost = try bytes.withUnsafeBytes { bytes in
      try Cost {
        for number in 0..<count {
          let body = UnsafeRawBufferPointer(rebasing: bytes[Int(starts[number])..<Int(starts[number + 1])])
          try decoder.decode(body, channel: nil, receivedAt: .epoch, into: &event)
          let metrics = event.metrics
          if metrics.has(.errorRate), metrics.has(.responseTime), metrics.has(.messagesPerMinute),
            metrics.has(.queueSize), event.agent.isPresent, event.kind == .metrics
          {
            whole += 1
          }
        }
      }
    }
    return try judge(cost, whole)
  }

  func simdjson() throws -> Double {
    var whole = 0
    let cost = bytes.withUnsafeBytes { bytes in
      Cost { whole = vigia_simdjson_decode(bytes.baseAddress, starts, count) }
    }
    return try judge(cost, whole)
  }

  private func judge(_ cost: Cost, _ whole: Int) throws -> Double {
    guard whole == count else { throw Mismatch("\(whole) of \(count) events were decoded") }
    return cost.cpuSeconds / Double(count) * 1e6
  }
}
