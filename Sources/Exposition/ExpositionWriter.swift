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
  /// The names of families that stand on the page: each may stand there once, and in each part of a page in parts.
  private var written: Set<String> = []
  /// Of a page in parts: what each family has come to, but for the present one, in the order in which they began.
  private var families: [[UInt8]] = []
  private var places: [String: Int] = [:]
  private var place: Int?
  private let isInParts: Bool
  /// What stands in front of each sample's own labels.
  private var common: [UInt8] = []

  private static let pieceLength = 64 * 1024

  /// - Parameter inParts: whether several parts write samples of the same families, which stand together on the page.
  package init(_ format: ExpositionFormat, inParts: Bool = false) {
    self.format = format
    isInParts = inParts
    makeRoom()
  }

  /// The page so far, in pieces.
  package var pieces: [[UInt8]] {
    guard isInParts else { return full + [bytes] }
    var all = families
    if let place { all[place] = bytes } else { all.append(bytes) }
    return all
  }

  /// Begins another part of a page in parts.
  ///
  /// - Parameter labels: stand in each of its samples.
  package mutating func beginPart(_ labels: LabelSet) {
    common = labels.bytes
    written = []
  }

  private mutating func makeRoom() {
    bytes = []
    // The last line may go beyond it.
    bytes.reserveCapacity(Self.pieceLength + 4096)
  }

  private mutating func endLine() {
    bytes.append(0x0A)
    guard !isInParts, bytes.count >= Self.pieceLength else { return }
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
    if isInParts, turn(to: family.name) { return true }
    let title = format == .text ? family.sampleName : family.name
    append("# HELP \(title) ")
    Self.escape(Array(family.help.utf8), isLabel: false, to: &bytes)
    append("\n# TYPE \(title) \(type(of: family.kind))\n")
    if format == .openMetrics, family.unit != .none { append("# UNIT \(title) \(family.unit.rawValue)\n") }
    return true
  }

  /// Goes on in a family's own place.
  ///
  /// - Returns: whether an earlier part has begun it.
  private mutating func turn(to family: String) -> Bool {
    if let place { swap(&families[place], &bytes) }
    bytes = []
    if let known = places[family] {
      place = known
      swap(&families[known], &bytes)
      return true
    }
    (places[family], place) = (families.count, families.count)
    families.append([])
    return false
  }

  private func type(of kind: MetricFamily.Kind) -> String {
    kind == .info && format == .text ? MetricFamily.Kind.gauge.rawValue : kind.rawValue
  }

  /// Ends the page.
  package mutating func end() {
    if isInParts, let place {
      swap(&families[place], &bytes)
      self.place = nil
      bytes = []
    }
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
    appendCommon(before: true)
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
    if !labels.isEmpty || !common.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      appendCommon(before: !labels.isEmpty)
      bytes.append(contentsOf: labels)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(0x20)
  }

  private mutating func appendCommon(before more: Bool) {
    guard !common.isEmpty else { return }
    bytes.append(contentsOf: common)
    if more { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }
}
