/// Writes a page of metrics, one family after the other, into an array of bytes.
///
/// ```text
/// # HELP vigia_events_total Events of each kind that were read
/// # TYPE vigia_events_total counter
/// vigia_events_total{kind="agent.metrics"} 1027
/// ```
/// OpenMetrics names a family without what its kind appends, tells its unit, and ends with `# EOF`.
package struct ExpositionWriter: Sendable {
  package let format: ExpositionFormat
  /// The page in pieces, but for the last one: one array that grows would be copied again and again, each time at once.
  private var full: [[UInt8]] = []
  private var bytes: [UInt8] = []
  /// What each sample of the present family begins with.
  private var name: [UInt8] = []
  /// The names of families that stand on the page: each may stand there once.
  private var written: Set<String> = []

  private static let pieceLength = 64 * 1024

  package init(_ format: ExpositionFormat) {
    self.format = format
    makeRoom()
  }

  /// The page so far, in pieces.
  package var pieces: [[UInt8]] { full + [bytes] }

  private mutating func makeRoom() {
    bytes = []
    // The last line may go beyond it.
    bytes.reserveCapacity(Self.pieceLength + 4096)
  }

  private mutating func endLine() {
    bytes.append(0x0A)
    guard bytes.count >= Self.pieceLength else { return }
    full.append(bytes)
    makeRoom()
  }

  /// Begins a family.
  ///
  /// - Returns: false if it stands on the page already; nothing is written then.
  @discardableResult
  package mutating func begin(_ family: MetricFamily) -> Bool {
    guard written.insert(family.name).inserted else { return false }
    name = Array(family.sampleName.utf8)
    let title = format == .text ? family.sampleName : family.name
    append("# HELP \(title) ")
    Self.escape(Array(family.help.utf8), isLabel: false, to: &bytes)
    append("\n# TYPE \(title) \(type(of: family.kind))\n")
    if format == .openMetrics, family.unit != .none { append("# UNIT \(title) \(family.unit.rawValue)\n") }
    return true
  }

  private func type(of kind: MetricFamily.Kind) -> String {
    kind == .info && format == .text ? MetricFamily.Kind.gauge.rawValue : kind.rawValue
  }

  /// Ends the page.
  package mutating func end() {
    if format == .openMetrics { append("# EOF\n") }
  }

  // MARK: Samples

  package mutating func sample(_ labels: LabelSet = LabelSet(), _ value: Int) {
    start(labels.bytes[...])
    Self.append(value, to: &bytes)
    endLine()
  }

  package mutating func sample(_ labels: LabelSet = LabelSet(), _ value: Double) {
    start(labels.bytes[...])
    Self.append(value, to: &bytes)
    endLine()
  }

  /// A sample with labels that are written already, and of a number as a fleet keeps it: nothing is allocated for it.
  package mutating func sample(_ labels: ArraySlice<UInt8>, _ value: Float) {
    start(labels)
    Self.append(value, to: &bytes)
    endLine()
  }

  package mutating func sample(_ labels: ArraySlice<UInt8>, _ value: Int) {
    start(labels)
    Self.append(value, to: &bytes)
    endLine()
  }

  /// A sample of a moment or span in seconds, that is known in milliseconds.
  package mutating func sample(_ labels: ArraySlice<UInt8>, milliseconds: Int64) {
    start(labels)
    Self.append(seconds: milliseconds, to: &bytes)
    endLine()
  }

  /// A sample with labels that are written already, and one more that needs no escaping.
  package mutating func sample(
    _ labels: ArraySlice<UInt8>, _ more: (name: StaticString, value: StaticString), _ value: Int
  ) {
    bytes.append(contentsOf: name)
    bytes.append(UInt8(ascii: "{"))
    bytes.append(contentsOf: labels)
    bytes.append(UInt8(ascii: ","))
    append(more.name)
    append("=\"" as StaticString)
    append(more.value)
    append("\"} " as StaticString)
    Self.append(value, to: &bytes)
    endLine()
  }

  /// The samples of a histogram: a bucket for each bound and for all, their sum and their number.
  package mutating func sample(_ labels: LabelSet, _ histogram: Histogram) {
    let counts = histogram.cumulative
    for (place, count) in counts.enumerated() {
      let bound = place < histogram.bounds.count ? "\(histogram.bounds[place])" : "+Inf"
      part("_bucket", labels.adding("le", bound))
      Self.append(count, to: &bytes)
      endLine()
    }
    part("_sum", labels)
    Self.append(histogram.sum, to: &bytes)
    endLine()
    part("_count", labels)
    Self.append(counts.last ?? 0, to: &bytes)
    endLine()
  }

  private mutating func part(_ suffix: StaticString, _ labels: LabelSet) {
    bytes.append(contentsOf: name)
    append(suffix)
    brace(labels.bytes[...])
  }

  private mutating func start(_ labels: ArraySlice<UInt8>) {
    bytes.append(contentsOf: name)
    brace(labels)
  }

  private mutating func brace(_ labels: ArraySlice<UInt8>) {
    if !labels.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      bytes.append(contentsOf: labels)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(0x20)
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }
}
