import FleetModel
import Wire

/// What becomes of a dead entry that is to be tried again.
enum DeadLetterRetry: Equatable {
  /// These bytes go into that stream.
  ///
  /// - `until`: when the command expires now, if it had expired and is issued anew.
  case put([UInt8], into: [UInt8], until: Instant?)
  /// It cannot go back.
  case refused(String)

  init(_ entry: StoredDeadLetter, keys: Keys, now: Instant) {
    // The handler reports loss here as well, and then there is nothing to put back.
    guard let data = entry.data, !data.isEmpty else {
      self = .refused("it holds no bytes")
      return
    }
    if entry.source == keys.events {
      self = .put(data, into: entry.source, until: nil)
    } else if entry.source == keys.commands || entry.source.starts(with: keys.commands(of: "")) {
      let anew = Self.issuedAnew(data, at: now)
      self = .put(anew ?? data, into: entry.source, until: anew == nil ? nil : now + CommandRequest.expiresAfter)
    } else {
      self = .refused("its source \(String(decoding: entry.source, as: UTF8.self)) is no stream of commands or events")
    }
  }

  /// A command with new times and all else as it was; nil if it has not expired, or is no command.
  private static func issuedAnew(_ data: [UInt8], at now: Instant) -> [UInt8]? {
    guard let command = try? CommandCoding.decode(data), command.expiresAt < now,
      var message = (data.withUnsafeBytes { try? MessageFormat.document($0) })?.object,
      var fields = message["data"]?.object
    else { return nil }
    fields["issued_at"] = .string(ISO8601.format(now))
    fields["expires_at"] = .string(ISO8601.format(now + CommandRequest.expiresAfter))
    message["data"] = .object(fields)
    return JSONValue.object(message).encoded
  }
}
