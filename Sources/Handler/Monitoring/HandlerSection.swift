import Exposition
import FleetModel

/// What a page tells of the handler itself.
struct HandlerSection {
  private let sources: MetricsPage.Sources
  var picture: HandlerPicture { sources.picture }
  var counts: HandlerCounts { sources.counts }

  init(_ sources: MetricsPage.Sources) { self.sources = sources }

  /// How many pieces it is written in.
  static let pieces = 9 + QueueSection.pieces

  func write(_ piece: Int, to writer: inout ExpositionWriter) {
    switch piece {
    case 0: writeProcess(to: &writer)
    case 1: writeRole(to: &writer)
    case 2: writeStreams(to: &writer)
    case 3: writeEvents(to: &writer)
    case 4: writeCommands(to: &writer)
    case 5: writeRules(to: &writer)
    case 6: writeNotices(to: &writer)
    case 7: writeArchive(to: &writer)
    case 8: WaitingSection.write(picture.waiting, counts.waiting, to: &writer)
    default: QueueSection.write(picture.queues, piece - 9, to: &writer)
    }
  }

  private func writeProcess(to writer: inout ExpositionWriter) {
    writer.begin(HandlerFamilies.build)
    writer.sample(LabelSet(("version", ProgramVersion.text)), 1)
    write(HandlerFamilies.started, sources.process.startedAt, to: &writer)
    write(HandlerFamilies.processor, sources.process.processorSeconds, to: &writer)
    write(HandlerFamilies.memory, Double(sources.process.residentBytes), to: &writer)
    write(HandlerFamilies.scrapes, sources.scrapes, to: &writer)
    write(HandlerFamilies.pageSpan, sources.lastSeconds, to: &writer)
  }

  private func writeRole(to writer: inout ExpositionWriter) {
    var (fence, left) = (0, 0.0)
    if case .leader(let number, let seconds) = picture.role { (fence, left) = (number, seconds) }
    write(HandlerFamilies.leader, fence > 0 ? 1 : 0, to: &writer)
    write(HandlerFamilies.ready, picture.isReady ? 1 : 0, to: &writer)
    write(HandlerFamilies.connected, picture.isConnected ? 1 : 0, to: &writer)
    write(HandlerFamilies.recording, picture.isRecording ? 1 : 0, to: &writer)
    write(HandlerFamilies.fence, fence, to: &writer)
    write(HandlerFamilies.leaseLeft, left, to: &writer)
    write(HandlerFamilies.leasesTaken, counts.leasesTaken, to: &writer)
    write(HandlerFamilies.leasesLost, counts.leasesLost, to: &writer)
  }

  private func writeStreams(to writer: inout ExpositionWriter) {
    writer.begin(HandlerFamilies.lag)
    for stream in sources.streams {
      if let lag = stream.lagSeconds { writer.sample(LabelSet(("stream", stream.name)), lag) }
    }
    writeCounts(HandlerFamilies.lagEntries, to: &writer) { $0.lagEntries }
    writeCounts(HandlerFamilies.pending, to: &writer) { $0.pending }
    writeCounts(HandlerFamilies.entries, to: &writer) { $0.length }
  }

  private func writeCounts(
    _ family: MetricFamily, to writer: inout ExpositionWriter, _ count: (StreamStanding) -> Int?
  ) {
    writer.begin(family)
    for stream in sources.streams {
      if let count = count(stream) { writer.sample(LabelSet(("stream", stream.name)), count) }
    }
  }

  private func writeEvents(to writer: inout ExpositionWriter) {
    var sums = counts.events
    sums.add(picture.events)
    writer.begin(HandlerFamilies.events)
    for kind in EventKind.allCases { writer.sample(LabelSet(("kind", kind.type ?? "other")), sums[kind]) }
    write(HandlerFamilies.duplicates, sums.duplicates, to: &writer)
    write(HandlerFamilies.unreadable, sums.unreadable, to: &writer)
    write(HandlerFamilies.suspect, sums.suspect, to: &writer)
    write(HandlerFamilies.recorded, counts.recorded, to: &writer)
    write(HandlerFamilies.lost, picture.lost, to: &writer)
    write(HandlerFamilies.gaps, picture.gaps, to: &writer)
    write(HandlerFamilies.gapSeconds, picture.gapSeconds, to: &writer)
  }

  private func writeCommands(to writer: inout ExpositionWriter) {
    writeLines(HandlerFamilies.commands, to: &writer) { $0.author == .command && !$0.isOfTarget }
    writeLines(HandlerFamilies.targets, to: &writer) { $0.author == .command && $0.isOfTarget }
    writeLines(HandlerFamilies.jobs, to: &writer) { $0.author == .schedule && !$0.isOfTarget }
    writer.begin(HandlerFamilies.commandSpan)
    for (action, spans) in counts.commandSpans.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      writer.sample(LabelSet(("action", action.rawValue)), spans)
    }
    writer.begin(HandlerFamilies.calls)
    for (call, count) in counts.calls.sorted(by: { ($0.key.action, $0.key.result) < ($1.key.action, $1.key.result) }) {
      writer.sample(LabelSet(("action", call.action), ("result", call.result)), count)
    }
    writer.begin(HandlerFamilies.callSpan)
    for (action, spans) in counts.callSpans.sorted(by: { $0.key < $1.key }) {
      writer.sample(LabelSet(("action", action)), spans)
    }
    writer.begin(HandlerFamilies.inHand)
    if let count = picture.commandsInHand { writer.sample(LabelSet(), count) }
  }

  private func writeLines(
    _ family: MetricFamily, to writer: inout ExpositionWriter, _ isCounted: (CountedLine) -> Bool
  ) {
    writer.begin(family)
    var sums: [[String]: Int] = [:]
    for (line, count) in counts.lines where isCounted(line) {
      sums[[line.action?.rawValue ?? "other", line.phase.rawValue], default: 0] += count
    }
    for (key, count) in sums.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      writer.sample(LabelSet(("action", key[0]), ("phase", key[1])), count)
    }
  }

  private func writeRules(to writer: inout ExpositionWriter) {
    writeLines(HandlerFamilies.ruleActions, to: &writer) { $0.author == .rule && $0.action != nil }
    writer.begin(HandlerFamilies.decisions)
    for (field, count) in counts.decisions.sorted(by: { $0.key < $1.key }) {
      guard let slash = field.lastIndex(of: "/") else { continue }
      let decision = String(field[field.index(after: slash)...])
      writer.sample(LabelSet(("rule", String(field[..<slash])), ("decision", decision)), count)
    }
    writer.begin(HandlerFamilies.waiting)
    if let count = picture.eventsWaiting { writer.sample(LabelSet(), count) }
  }

  private func writeNotices(to writer: inout ExpositionWriter) {
    writer.begin(HandlerFamilies.notices)
    // Each from its beginning, so that the first is seen as a step.
    for channel in Set(picture.channels).union(counts.notices.keys).sorted() {
      for telling in HandlerCounts.Telling.allCases {
        let count = counts.notices[channel]?[telling] ?? 0
        writer.sample(LabelSet(("channel", channel), ("result", telling.rawValue)), count)
      }
    }
    writer.begin(HandlerFamilies.noticesWaiting)
    for (channel, count) in picture.noticesWaiting.sorted(by: { $0.key < $1.key }) {
      writer.sample(LabelSet(("channel", channel)), count)
    }
    writer.begin(HandlerFamilies.readings)
    for (channel, readings) in counts.readings.sorted(by: { $0.key < $1.key }) {
      writer.sample(LabelSet(("channel", channel), ("result", "read")), readings[true] ?? 0)
      writer.sample(LabelSet(("channel", channel), ("result", "failed")), readings[false] ?? 0)
    }
    writer.begin(HandlerFamilies.deadLetters)
    for (source, count) in counts.deadLetters.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      writer.sample(LabelSet(("source", String(decoding: source, as: UTF8.self))), count)
    }
    writer.begin(HandlerFamilies.heartbeats)
    for result in HandlerCounts.Beat.allCases {
      writer.sample(LabelSet(("result", result.rawValue)), counts.heartbeats[result] ?? 0)
    }
    writer.begin(HandlerFamilies.exports)
    // As with the channels, each from its beginning.
    for service in Set(picture.services).union(counts.exports.keys).sorted() {
      for result in HandlerCounts.Exported.allCases {
        let count = counts.exports[service]?[result] ?? 0
        writer.sample(LabelSet(("service", service), ("result", result.rawValue)), count)
      }
    }
    writer.begin(HandlerFamilies.steps)
    for step in HandlerCounts.Step.allCases {
      writer.sample(LabelSet(("outcome", step.rawValue)), counts.steps[step] ?? 0)
    }
  }

  private func write(_ family: MetricFamily, _ value: Int, to writer: inout ExpositionWriter) {
    writer.begin(family)
    writer.sample(LabelSet(), value)
  }

  private func write(_ family: MetricFamily, _ value: Double, to writer: inout ExpositionWriter) {
    writer.begin(family)
    writer.sample(LabelSet(), value)
  }
}
