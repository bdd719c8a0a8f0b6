import Testing

@testable import Exposition

@Suite struct ExpositionWriterTests {
  private let events = MetricFamily("vigia_events", .counter, labels: ["kind"], "Events that were read")
  private let lag = MetricFamily("vigia_lag_seconds", .gauge, unit: .seconds, "How far it is behind")
  private let build = MetricFamily("vigia_build", .info, labels: ["version"], "The version")

  private func page(_ format: ExpositionFormat, _ write: (inout ExpositionWriter) -> Void) -> String {
    var writer = ExpositionWriter(format)
    write(&writer)
    writer.end()
    return String(decoding: writer.pieces.joined(), as: UTF8.self)
  }

  private func all(_ writer: inout ExpositionWriter) {
    writer.begin(build)
    writer.sample(LabelSet(("version", "1.2")), 1)
    writer.begin(events)
    writer.sample(LabelSet(("kind", "agent.metrics")), 1027)
    writer.begin(lag)
    writer.sample(LabelSet(), 0.25)
  }

  @Test func textFormatNamesFamiliesAsTheirSamples() {
    #expect(
      page(.text, all) == """
        # HELP vigia_build_info The version
        # TYPE vigia_build_info gauge
        vigia_build_info{version="1.2"} 1
        # HELP vigia_events_total Events that were read
        # TYPE vigia_events_total counter
        vigia_events_total{kind="agent.metrics"} 1027
        # HELP vigia_lag_seconds How far it is behind
        # TYPE vigia_lag_seconds gauge
        vigia_lag_seconds 0.25

        """)
  }

  @Test func openMetricsNamesFamiliesTellsUnitsAndEnds() {
    #expect(
      page(.openMetrics, all) == """
        # HELP vigia_build The version
        # TYPE vigia_build info
        vigia_build_info{version="1.2"} 1
        # HELP vigia_events Events that were read
        # TYPE vigia_events counter
        vigia_events_total{kind="agent.metrics"} 1027
        # HELP vigia_lag_seconds How far it is behind
        # TYPE vigia_lag_seconds gauge
        # UNIT vigia_lag_seconds seconds
        vigia_lag_seconds 0.25
        # EOF

        """)
  }

  @Test func familyStandsOnAPageOnce() {
    var writer = ExpositionWriter(.text)
    let began = [writer.begin(lag), writer.begin(lag)]
    #expect(began == [true, false])
    #expect(String(decoding: writer.pieces.joined(), as: UTF8.self).split(separator: "\n").count == 2)
  }

  /// No array of a long page grows without end.
  @Test func longPageIsManyPieces() {
    var writer = ExpositionWriter(.text)
    writer.begin(lag)
    for number in 0..<20_000 { writer.sample(LabelSet(("agent", "agent-\(number)")), number) }
    #expect(writer.pieces.count > 10 && writer.pieces.allSatisfy { $0.count < 65_700 })
    let lines = String(decoding: writer.pieces.joined(), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 20_002 && lines.last == "vigia_lag_seconds{agent=\"agent-19999\"} 19999")
  }

  @Test func histogramCountsUpToInfinityAndBeginsAgainNowhere() {
    var spans = Histogram(bounds: [0.1, 1])
    for value in [0.05, 0.1, 0.5, 7, -1, .nan, .infinity] { spans.observe(value) }
    let family = MetricFamily("x_seconds", .histogram, unit: .seconds, labels: ["action"], "Spans")
    let text = page(.text) { writer in
      writer.begin(family)
      writer.sample(LabelSet(("action", "pause")), spans)
    }
    #expect(
      text == """
        # HELP x_seconds Spans
        # TYPE x_seconds histogram
        x_seconds_bucket{action="pause",le="0.1"} 5
        x_seconds_bucket{action="pause",le="1.0"} 6
        x_seconds_bucket{action="pause",le="+Inf"} 7
        x_seconds_sum{action="pause"} 7.65
        x_seconds_count{action="pause"} 7

        """)
  }

  @Test(
    arguments: [
      ("plain", "plain"), ("", ""), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("é👩‍👧", "é👩‍👧"),
      ("a\u{1}\u{1B}[2J\u{7F}\u{85}", "a␁␛[2J␡\u{FFFD}"), ("\\n", "\\\\n"), ("{}=,# ", "{}=,# "),
    ])
  func labelsAreEscaped(_ value: String, _ written: String) {
    #expect(LabelSet(("a", value)).bytes == Array("a=\"\(written)\"".utf8))
  }

  @Test(arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF0, 0x9F]] as [[UInt8]])
  func whatIsNoTextBecomesText(_ bytes: [UInt8]) throws {
    var label: [UInt8] = []
    LabelSet.append("a", bytes, to: &label)
    let text = try #require(String(validating: label, as: UTF8.self))
    #expect(text.hasPrefix("a=\"\u{FFFD}") && text.hasSuffix("\""))
  }

  @Test(
    arguments: [
      (0, "0"), (-0.0, "0"), (1, "1"), (-17, "-17"), (0.25, "0.25"), (0.1, "0.1"), (1e15, "1000000000000000"),
      (1e300, "1e+300"), (1.5e-7, "1.5e-07"), (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
    ] as [(Double, String)])
  func numbersAreWrittenAsPrometheusReadsThem(_ number: Double, _ written: String) {
    var bytes: [UInt8] = []
    ExpositionWriter.append(number, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == written)
  }

  /// A fleet keeps numbers of 32 bits: none gets digits that nobody reported.
  @Test(
    arguments: [
      (0.123, "0.123"), (-0.5, "-0.5"), (1234.5, "1234.5"), (0.000001, "1e-06"), (99.999, "99.999"), (3, "3"),
      (1e15, "1e+15"), (.nan, "NaN"),
    ] as [(Float, String)])
  func shortNumbersStayShort(_ number: Float, _ written: String) {
    var bytes: [UInt8] = []
    ExpositionWriter.append(number, to: &bytes)
    #expect(Float(String(decoding: bytes, as: UTF8.self)) == Float(written) || number.isNaN)
    if number != 1e15 { #expect(String(decoding: bytes, as: UTF8.self) == written) }
  }

  @Test(arguments: [Int.max, Int.min, 0, 7, -10, 1_000_000])
  func wholeNumbersAreWrittenInFull(_ number: Int) {
    var bytes: [UInt8] = []
    ExpositionWriter.append(number, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "\(number)")
  }

  @Test func everyFloatIsReadBackAsItWas() {
    var state: UInt32 = 0x9E37_79B9
    for _ in 0..<20_000 {
      state = state &* 1_664_525 &+ 1_013_904_223
      let number = Float(bitPattern: state)
      guard number.isFinite else { continue }
      var bytes: [UInt8] = []
      ExpositionWriter.append(number, to: &bytes)
      #expect(Float(String(decoding: bytes, as: UTF8.self)) == number)
    }
  }

  @Test(arguments: [(0, "0.000"), (1_795_959_994_045, "1795959994.045"), (-5, "-0.005")] as [(Int64, String)])
  func momentsKeepTheirMilliseconds(_ milliseconds: Int64, _ written: String) {
    var bytes: [UInt8] = []
    ExpositionWriter.append(seconds: milliseconds, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == written)
  }
}
