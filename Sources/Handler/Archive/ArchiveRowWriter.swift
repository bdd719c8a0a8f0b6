import FleetModel
import Redis
import Wire

/// Makes the row of an entry. What cannot be read is archived as it stands, with the reason.
final class ArchiveRowWriter {
  private let table: ArchiveTable
  private let stream: [UInt8]
  private let recorderChannel: [UInt8]
  private let reader: EventReader
  private var metrics: MetricTable
  /// The dotted type of each kind, as bytes.
  private static let types = EventKind.allCases.map { Array(($0.type ?? "").utf8) }
  private static let metricNames = Metric.allCases.map { Array($0.field.utf8) }
  private var openNames: [[UInt8]]

  init(_ table: ArchiveTable, _ stream: [UInt8], _ keys: Keys, _ metrics: MetricTable) {
    (self.table, self.stream, self.metrics) = (table, stream, metrics)
    recorderChannel = keys.recorderChannel
    reader = EventReader(metrics: metrics)
    openNames = metrics.metrics.map { Array($0.name.utf8) }
  }

  /// Goes on with other open metrics.
  func setMetrics(_ new: MetricTable) {
    guard new != metrics else { return }
    metrics = new
    reader.setMetrics(new)
    openNames = new.metrics.map { Array($0.name.utf8) }
  }

  func write(_ entry: Entry, to rows: inout RowBuffer) {
    rows.beginRow()
    rows.add("stream", stream)
    rows.add("ms", entry.id.milliseconds)
    rows.add("seq", entry.id.sequence)
    switch table {
    case .events: writeEvent(entry, to: &rows)
    case .audit: writeLine(entry, to: &rows)
    }
    rows.endRow()
  }

  // MARK: Events

  private func writeEvent(_ entry: Entry, to rows: inout RowBuffer) {
    rows.add("channel", entry.channel)
    if entry.channel.isEqual(to: recorderChannel) {
      rows.add("type", recorderChannel)
      return Self.writeData(entry, to: &rows)
    }
    do throws(Unreadable) {
      try reader.read(entry, receivedAt: entry.id.instant) { write($0, to: &rows) }
    } catch {
      rows.add("fault", "\(error)")
      Self.writeData(entry, to: &rows)
    }
  }

  private func write(_ event: borrowing Event, to rows: inout RowBuffer) {
    Self.add("agent", event.agent, of: event, to: &rows)
    let type = Self.types[Int(event.kind.rawValue)]
    if type.isEmpty { rows.add("type", event.typeName) } else { rows.add("type", type) }
    Self.add("source", event.source, of: event, to: &rows)
    Self.add("severity", event.severity, of: event, to: &rows)
    let (known, open) = (event.metrics.present, event.openMetrics.present)
    if !known.isEmpty || !open.isEmpty { writeMetrics(of: event, to: &rows) }
    rows.add("data", event.bytes)
  }

  /// A text as it reads without escapes.
  private static func add(_ name: StaticString, _ text: EventText, of event: borrowing Event, to rows: inout RowBuffer)
  {
    switch text.form {
    case .absent: break
    case .plain: if let raw = event.raw(text) { rows.add(name, raw) }
    case .escaped, .json: if let bytes = event.unescaped(text) { rows.add(name, bytes) }
    }
  }

  /// The values that can be right, which are those that count anywhere.
  private func writeMetrics(of event: borrowing Event, to rows: inout RowBuffer) {
    rows.beginArray("metric.name")
    forEachValue(of: event) { name, _ in
      rows.beginElement()
      name.withUnsafeBytes { rows.append(text: $0) }
    }
    rows.endArray()
    rows.beginArray("metric.value")
    forEachValue(of: event) { _, value in
      rows.beginElement()
      rows.append(value)
    }
    rows.endArray()
  }

  @inline(__always)
  private func forEachValue(of event: borrowing Event, _ body: (_ name: [UInt8], _ value: Double) -> Void) {
    var known = event.metrics.present
    while let metric = known.popFirst() {
      let value = event.metrics.value(metric)
      if metric.isPlausible(value) { body(Self.metricNames[metric.rawValue], value) }
    }
    var open = event.openMetrics.present
    while let place = open.popFirst() {
      let value = event.openMetrics.value(place)
      if let metric = metrics[place], metric.isPlausible(value) { body(openNames[place.rawValue], value) }
    }
  }

  /// The message as it was received; an entry of fields as a JSON object.
  private static func writeData(_ entry: Entry, to rows: inout RowBuffer) {
    if let payload = entry.payload { return rows.add("data", payload) }
    let members = entry.fields.map { (key: $0.name, value: JSONValue.string($0.value)) }
    rows.add("data", JSONValue.object(JSONObject(members: members)).encoded)
  }

  // MARK: The audit

  private static let auditFields: [(column: StaticString, key: String)] = [
    ("command_id", "command_id"), ("run_id", "run_id"), ("rule", "rule"), ("phase", "phase"), ("action", "action"),
    ("target", "target"), ("operator", "operator"), ("reason", "reason"), ("handler", "handler"),
  ]

  private func writeLine(_ entry: Entry, to rows: inout RowBuffer) {
    do throws(Unreadable) {
      guard let payload = entry.payload, !entry.isOversized else { throw entry.isOversized ? .tooLong : .notJSON }
      let line = try MessageFormat.document(payload)
      guard line.object != nil else { throw .notAnObject }
      for (column, key) in Self.auditFields { if let bytes = line[key]?.bytes { rows.add(column, bytes) } }
      if let why = line["detail"]?["why"]?.bytes ?? line["detail"]?.bytes { rows.add("detail", why) }
    } catch {
      rows.add("fault", "\(error)")
    }
    Self.writeData(entry, to: &rows)
  }
}
