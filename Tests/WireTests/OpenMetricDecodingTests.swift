import FleetModel
import Testing

@testable import Wire

/// Metrics of the fleet's table in events.
struct OpenMetricDecodingTests {
  private func values(_ data: String, _ metrics: MetricTable = .builtIn) throws -> [String: Double] {
    try values(in: #"{"entity_id":"a","event_type":"metrics","data":\#(data)}"#, metrics)
  }

  private func values(in text: String, _ metrics: MetricTable = .builtIn) throws -> [String: Double] {
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBytes {
      let event = try EventDecoder(metrics: metrics).decode($0, channel: nil, receivedAt: .epoch)
      var (found, rest) = ([String: Double](), event.openMetrics.present)
      while let place = rest.popFirst() {
        found[metrics[place]?.name ?? "?"] = event.openMetrics.value(place)
      }
      return found
    }
  }

  @Test func everyBuiltInMetricIsFoundByEachOfItsNames() throws {
    for metric in MetricTable.builtIn.metrics {
      for name in [metric.name] + metric.aliases {
        #expect(try values(#"{"\#(name)":7}"#) == [metric.name: 7], "\(name)")
      }
    }
  }

  @Test func longNameIsFoundWholeAndNotByItsBeginning() throws {
    let long = String(repeating: "x", count: 64)
    let table = MetricTable(declaring: [OpenMetric("deep", aliases: [long, String(repeating: "y", count: 25)])])
    #expect(try values(#"{"\#(long)":1}"#, table) == ["deep": 1])
    #expect(try values(#"{"\#(long)x":1,"\#(long.dropLast())":2,"\#(long.dropLast())z":3}"#, table) == [:])
    #expect(try values(#"{"gen_ai.usage.input_tokenS":1,"gen_ai.usage.input_token":2}"#) == [:])
  }

  @Test func whatIsNoFiniteNumberIsNoValue() throws {
    for value in ["\"7\"", "null", "true", "NaN", "Infinity", "-Infinity", "1e999", "[7]", #"{"a":7}"#] {
      #expect(try values(#"{"tokens_in":\#(value),"tokens_out":3}"#) == ["tokens_out": 3], "\(value)")
    }
    #expect(try values(#"{"tokens_in":-1.5e3}"#) == ["tokens_in": -1500])
    #expect(try values(#"{"tokens_in":18446744073709551616}"#) == ["tokens_in": 18_446_744_073_709_551_616])
  }

  @Test func lastOfTheSameNameCounts() throws {
    #expect(try values(#"{"tokens_in":1,"tokens_in":2}"#) == ["tokens_in": 2])
    #expect(try values(#"{"tokens_in":1,"tokens_in":null}"#) == [:])
    #expect(try values(in: #"{"data":{"tokens_in":1},"entity_id":"a","data":{"tokens_out":2}}"#) == ["tokens_out": 2])
  }

  @Test func numberInAFlatEntryIsAValue() throws {
    let fields = [("entity_id", "a"), ("event_type", "metrics"), ("cost_per_hour", "2.5"), ("tokens_in", "many")]
    let event = try EventDecoder().decode(
      fields: fields.map { (name: Array($0.0.utf8), value: Array($0.1.utf8)) }, receivedAt: .epoch)
    #expect(event.openMetrics[BuiltInMetric.costPerHour.place] == 2.5)
    #expect(event.openMetrics.present.count == 1)
  }

  @Test func nextEventHasNothingOfTheOneBefore() throws {
    let decoder = EventDecoder()
    let first = Array(#"{"entity_id":"a","data":{"tokens_in":1}}"#.utf8)
    let next = Array(#"{"entity_id":"a","data":{"queue_size":1}}"#.utf8)
    var event = Event(bytes: UnsafeRawBufferPointer(start: nil, count: 0), receivedAt: .epoch)
    try first.withUnsafeBytes { try decoder.decode($0, channel: nil, receivedAt: .epoch, into: &event) }
    #expect(!event.openMetrics.isEmpty)
    try next.withUnsafeBytes { try decoder.decode($0, channel: nil, receivedAt: .epoch, into: &event) }
    #expect(event.openMetrics.isEmpty)
  }

  @Test func tableThatIsFullFindsAllOfItsNames() throws {
    let declared = (0..<21).map { OpenMetric("m\($0)", aliases: ["a\($0)", "b\($0)", "c.\($0)"]) }
    let table = MetricTable(declaring: declared)
    #expect(table.metrics.count == MetricTable.most)
    for metric in table.metrics {
      for name in [metric.name] + metric.aliases {
        #expect(try values(#"{"\#(name)":1}"#, table) == [metric.name: 1], "\(name)")
      }
    }
    #expect(try values(#"{"m21":1,"d1":2,"":3}"#, table) == [:])
  }
}
