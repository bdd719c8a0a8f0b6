import Automation
import FleetModel
import Wire

/// The one message that a chat has of a trouble: where it stands there, and what it last said.
struct ChatMessage: Equatable {
  struct ID: Hashable {
    var channel: String
    /// The notices' key.
    var key: ExactText

    init(_ channel: String, _ key: String) {
      self.channel = channel
      self.key = ExactText(key)
    }
  }

  /// How the service knows it: Slack by the conversation's id and a time stamp, Discord by an id alone.
  struct Place: Equatable {
    var conversation = ""
    var message: String
  }

  var id: ID
  /// The conversation that the channel's table named: if it names another, the message stands there no more.
  var home: String
  /// Nil until the service has said where.
  var place: Place?
  /// What it says.
  var notice: Notice
  /// When the trouble began.
  var since: Instant
  /// How bad the worst was that people were called by.
  var worst: Severity
  /// What was done about it, in the order of that.
  var done: [String] = []
  /// Nil while it goes on.
  var ended: Instant?
  /// When it was last written.
  var changed: Instant
  /// When people were last called by a message that notifies them, and how often they were reminded since somebody last
  /// had it in hand.
  var called: Instant
  var reminders = 0

  /// A trouble's first.
  init(_ notice: Notice, for channel: Channel, named name: String, at now: Instant) {
    id = ID(name, notice.key)
    home = channel.place
    self.notice = notice
    since = min(notice.at, now)
    worst = notice.severity
    (changed, called) = (now, now)
    take(notice, at: now)
  }

  private static let mostDone = 20

  /// Takes what is new.
  ///
  /// - Returns: what is said beside the edit.
  @discardableResult
  mutating func take(_ notice: Notice, at now: Instant) -> ChatRemark? {
    let before = self
    self.notice = notice
    changed = now
    if notice.status == .resolved || notice.status == .info { ended = now } else { ended = nil }
    if before.ended != nil, ended == nil {
      (since, done, worst, reminders) = (min(notice.at, now), [], notice.severity, 0)
    }
    add(notice.done)
    if let who = notice.acknowledgedBy, who != before.notice.acknowledgedBy || place == nil {
      add("Acknowledged by \(who).")
      reminders = 0
    }
    let remark = ChatRemark(from: before, to: self)
    worst = max(worst, notice.severity)
    if remark.callsPeople || before.place == nil { called = now }
    return remark
  }

  /// What people are told if nobody has acknowledged it for so long.
  mutating func remind(at now: Instant) -> ChatRemark {
    changed = now
    return ChatRemark(
      "Nobody has acknowledged this for \(Self.words(now - since)): \(notice.heading) \(notice.title)",
      callsPeople: true)
  }

  /// When people are reminded; nil if never. Each time it takes twice as long, up to a day.
  func reminder(_ channel: Channel) -> Instant? {
    guard channel.reminds > .zero, ended == nil, notice.acknowledgedBy == nil, notice.status != .acknowledged else {
      return nil
    }
    let span = channel.reminds * (1 << Int64(min(max(0, reminders), 10)))
    return called + min(span, max(channel.reminds, .days(1)))
  }

  private mutating func add(_ words: String) {
    for line in words.split(whereSeparator: \.isNewline).map({ String($0).clipped(toBytes: 500) }) {
      if done.last != line, done.count < Self.mostDone { done.append(line) }
    }
  }

  /// The notice as the message shows it: with its beginning and, once it has ended, how long it took and what was done.
  var shown: Notice {
    var shown = notice
    // News that nothing takes back are no trouble that took a time.
    guard place != nil || notice.status != .info else { return shown }
    var fields = [Notice.Field("since", ISO8601.format(since))]
    if let ended {
      fields.append(Notice.Field("lasted", Self.words(ended - since)))
      let lines = done.filter { !shown.text.contains($0) }
      shown.text = ([shown.text] + lines).filter { !$0.isEmpty }.joined(separator: "\n")
    } else if let who = notice.acknowledgedBy {
      fields.append(Notice.Field("in hand", who))
    }
    shown.fields = fields + shown.fields
    return shown
  }

  /// `2d 4h`, `12m 5s`, `0s`.
  static func words(_ span: TimeSpan) -> String {
    let seconds = max(0, span.seconds)
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
    let first = parts.firstIndex { $0.0 > 0 } ?? 3
    return parts[first...].prefix(2).filter { $0.0 > 0 || first == 3 }.map { "\($0.0)\($0.1)" }.joined(separator: " ")
  }
}
