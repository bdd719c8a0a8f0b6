import FleetModel
import Redis
import Wire

/// Keeps the streams within their bounds of age and bytes, once a minute.
///
/// By age nothing is trimmed that this handler has not had. By bytes it is, since a server out of memory loses more.
package final class Retention {
  /// How old and how large streams may grow.
  package struct Bounds: Sendable {
    package var events = TimeSpan.hours(24)
    package var audit = TimeSpan.days(7)
    package var commands = TimeSpan.hours(24)
    package var control = TimeSpan.hours(24)
    package var dead = TimeSpan.days(7)
    package var reports = TimeSpan.days(7)
    /// Of each stream.
    package var bytes = 512 << 20
    /// Between two looks.
    package var every = TimeSpan.minutes(1)

    package init() {}
  }

  private let term: Term
  /// As they are now: they may change within a term.
  private var bounds: Bounds { term.options.retention }
  /// How far events have been read, and which streams hold commands.
  private let cursor: () -> StreamID?
  private let commandStreams: () -> [[UInt8]]

  init(term: Term, cursor: @escaping () -> StreamID?, commandStreams: @escaping () -> [[UInt8]]) {
    self.term = term
    self.cursor = cursor
    self.commandStreams = commandStreams
  }

  func start() {
    term.later(inMilliseconds: bounds.every.milliseconds) { [weak self] in
      self?.trimAll()
      self?.start()
    }
  }

  private func trimAll() {
    let keys = term.keys
    trim(keys.events, bounds.events, sparing: cursor() ?? .zero)
    trim(keys.audit, bounds.audit, sparing: nil)
    trim(keys.control, bounds.control, sparing: nil)
    trim(keys.dead, bounds.dead, sparing: nil)
    trim(keys.reports, bounds.reports, sparing: nil)
    for stream in commandStreams() { trimCommands(stream) }
  }

  /// Spares what nobody has acknowledged.
  private func trimCommands(_ stream: [UInt8]) {
    term.read([Request("XPENDING", stream, Keys.group), Request("XINFO", "GROUPS", stream)]) { [weak self] replies in
      guard let self, let summary = replies[0].elements, summary.count >= 2 else { return }
      let group = replies[1].elements?.first { $0.field("name")?.bytes == Keys.group }
      let delivered = group?.field("last-delivered-id")?.bytes.flatMap { StreamID($0) } ?? .zero
      trim(stream, bounds.commands, sparing: summary[1].bytes.flatMap { StreamID($0) } ?? delivered)
    }
  }

  /// - Parameter sparing: this entry and those after it stay, however old they are.
  private func trim(_ stream: [UInt8], _ age: TimeSpan, sparing: StreamID?) {
    let oldest = StreamID(milliseconds: UInt64(max(0, (term.now - age).milliseconds)))
    var step = Step()
    step.change("XTRIM", stream, "MINID", "~", min(oldest, sparing ?? oldest))
    term.run(step) { [weak self] outcome in
      if case .failed(let error) = outcome { self?.complain(stream, error) }
    }
    term.read([Request("MEMORY", "USAGE", stream), Request("XLEN", stream)]) { [weak self] replies in
      guard let self, let bytes = replies[0].integer, let length = replies[1].integer, bytes > Int64(bounds.bytes)
      else { return }
      // A little below the bound, so that it is not met again at once.
      let target = Int64(Double(length) * Double(bounds.bytes) / Double(bytes) * 0.95)
      // Commands that nobody has read are counted by whoever reads them.
      shorten(stream, to: target, sparing: commandStreams().contains(stream) ? nil : sparing)
    }
  }

  private func shorten(_ stream: [UInt8], to length: Int64, sparing: StreamID?) {
    var step = Step()
    step.change("XTRIM", stream, "MAXLEN", "~", length)
    term.run(step) { [weak self] outcome in
      if case .failed(let error) = outcome { self?.complain(stream, error) }
    }
    guard let sparing else { return }
    term.read([Request("XRANGE", stream, "-", "+", "COUNT", 1)]) { [weak self] replies in
      guard let first = replies[0].elements?.first?.elements?.first?.bytes.flatMap({ StreamID($0) }), first > sparing
      else { return }
      self?.term.log(
        .error, "a stream was trimmed to its bytes before all of it was read",
        ["stream": String(decoding: stream, as: UTF8.self), "read": "\(sparing)", "first": "\(first)"])
    }
  }

  private func complain(_ stream: [UInt8], _ error: ServerError) {
    term.log(.error, "cannot trim", ["stream": String(decoding: stream, as: UTF8.self), "error": error.text])
  }
}
