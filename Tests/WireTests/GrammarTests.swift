import CSimdjson
import FleetModel
import Glibc
import Testing

@testable import Wire

/// The grammar against simdjson and strtod.
struct GrammarTests {
  private static let seeds: [String] = [
    #"{"entity_id":"3f1c","event_type":"metrics","data":{"error_rate":0.25,"queue_size":-12e2,"name":"a\u00e9\n"}}"#,
    #"{"data":{"x":[1,2.5,{"y":null}],"t":true,"f":false},"entity_id":7,"timestamp":"2026-01-01T00:00:00Z"}"#,
    #" [ "" , "\ud83d\ude80" , 0 , -0.0 , 1e-7 , [] , {} , NaN , Infinity , -Infinity ] "#,
    #"{"a":"客服 e\u0301","entity_id":"","b":18446744073709551615,"c":9223372036854775807,"d":-9223372036854775808}"#,
    #""text""#, "42", "null", "-1.5e+10",
  ]

  /// Bytes that a mutation puts in: the grammar's own, and some that break it.
  private static let alphabet =
    Array("{}[]\",:\\/ \t\n0123456789+-.eEuntrbfalsdNIy".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xFF]

  private static func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard !bytes.isEmpty else { break }
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.remove(at: place)
      case 1: bytes.insert(byte, at: place)
      case 2: bytes.insert(bytes[place], at: place)
      case 3: bytes.removeLast(bytes.count - place)
      default: bytes[place] = byte
      }
    }
    return bytes
  }

  private static func simdjsonAccepts(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { buffer in
      vigia_simdjson_accepts(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), UInt(buffer.count)) == 1
    }
  }

  /// The same text with what vigia takes beyond simdjson replaced by what both take.
  private static func plain(_ bytes: [UInt8]) -> [UInt8] {
    // Bytes that are not UTF-8 become U+FFFD.
    var rest = Array(String(decoding: bytes, as: UTF8.self).utf8)[...]
    var result: [UInt8] = []
    while let byte = rest.first {
      let number = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "+-.eE".utf8.contains($0) }
      if rest.starts(with: "NaN".utf8) {
        result.append(UInt8(ascii: "0"))
        rest = rest.dropFirst(3)
      } else if rest.starts(with: "Infinity".utf8) {
        result.append(UInt8(ascii: "0"))
        rest = rest.dropFirst(8)
      } else if rest.starts(with: #"\ud"#.utf8) || rest.starts(with: #"\uD"#.utf8) {
        result += #"\u0"#.utf8
        rest = rest.dropFirst(3)
      } else if rest.starts(with: #"\"#.utf8), rest.count >= 2 {
        result += rest.prefix(2)
        rest = rest.dropFirst(2)
      } else if number.count >= 18 || isOutOfRange(number) {
        result.append(UInt8(ascii: "1"))
        rest = rest.dropFirst(number.count)
      } else {
        result += number.isEmpty ? [byte] : Array(number)
        rest = rest.dropFirst(max(1, number.count))
      }
    }
    return result
  }

  private static func isOutOfRange(_ number: ArraySlice<UInt8>) -> Bool {
    Double(String(decoding: number, as: UTF8.self)).map { !$0.isFinite } ?? false
  }

  @Test func mutationsAreTakenExactlyWhereSimdjsonTakesThem() {
    var random = SeededGenerator(seed: 1)
    var accepted = 0
    for round in 0..<40_000 {
      let bytes = Self.mutate(Array(Self.seeds[round % Self.seeds.count].utf8), &random)
      let ours = (try? JSONValue.parse(bytes)) != nil
      accepted += ours ? 1 : 0
      if Self.simdjsonAccepts(bytes) {
        #expect(ours, "refused: \(String(decoding: bytes, as: UTF8.self))")
      } else if ours {
        #expect(Self.simdjsonAccepts(Self.plain(bytes)), "taken: \(String(decoding: bytes, as: UTF8.self))")
      }
    }
    #expect((5_000...35_000).contains(accepted), "\(accepted) accepted: the mutations tell nothing")
  }

  @Test func theEventScannerAgreesWithTheDocument() throws {
    var random = SeededGenerator(seed: 2)
    let decoder = EventDecoder()
    for round in 0..<20_000 {
      let bytes = Self.mutate(Array(Self.seeds[round % 2].utf8), &random)
      let event = try? decoder.read(bytes)
      guard let document = try? JSONValue.parse(bytes), document.object != nil, let id = document["entity_id"] else {
        #expect(event == nil)
        continue
      }
      let text = String(decoding: bytes, as: UTF8.self)
      switch id {
      case .null, .array, .object: #expect(event == nil, "\(text)")
      case .string(let bytes): #expect(event?.agent.bytes == AgentID(outside: bytes)?.bytes, "\(text)")
      case .bool, .integer, .number: #expect(event != nil, "\(text)")
      }
      let rate = document["data"]?["error_rate"]?.double
      #expect(event?.metrics[.errorRate] == (event == nil ? nil : rate.flatMap { $0.isFinite ? $0 : nil }), "\(text)")
    }
  }

  @Test func mutatedEnvelopesAndBinariesNeverCrash() {
    var random = SeededGenerator(seed: 3)
    let decoder = EventDecoder()
    var read = 0
    for round in 0..<20_000 {
      let body = Array(Self.seeds[round % 2].utf8)
      let message = EventEncoding.encode(body: body, as: round % 4 < 2 ? .binary : .envelope, correlationID: "c-1")
      if (try? decoder.read(Self.mutate(message, &random))) != nil { read += 1 }
    }
    #expect((1_000...19_000).contains(read))
  }

  /// Literals of every length and size, many of them half-way cases.
  private static func literal(_ random: inout SeededGenerator) -> String {
    func digits(_ range: ClosedRange<Int>) -> String {
      let count = Int.random(in: range, using: &random)
      return String((0..<count).map { _ in Character(String(Int.random(in: 0...9, using: &random))) })
    }
    let sign = Bool.random(using: &random) ? "-" : ""
    let whole = Bool.random(using: &random) ? "0" : "\(Int.random(in: 1...9, using: &random))\(digits(0...20))"
    let fraction = Bool.random(using: &random) ? ".\(digits(1...22))" : ""
    let exponent = Int.random(in: 0...3, using: &random) == 0 ? "e\(Int.random(in: -330...330, using: &random))" : ""
    return sign + whole + fraction + exponent
  }

  private static func expectSameAsStrtod(_ literal: String, _ decoder: EventDecoder) {
    let value = try? JSONValue.parse(Array(literal.utf8)).double
    #expect(value?.bitPattern == strtod(literal, nil).bitPattern, "\(literal)")
    let event = try? decoder.read(#"{"entity_id":"a","data":{"queue_size":\#(literal)}}"#)
    let expected = strtod(literal, nil)
    #expect(event?.metrics[.queueSize]?.bitPattern == (expected.isFinite ? expected.bitPattern : nil), "\(literal)")
  }

  @Test func numbersAreThoseOfStrtod() {
    var random = SeededGenerator(seed: 4)
    let decoder = EventDecoder()
    for _ in 0..<20_000 { Self.expectSameAsStrtod(Self.literal(&random), decoder) }
    for _ in 0..<10_000 { Self.expectSameAsStrtod("\(Double.random(in: 0...1, using: &random))", decoder) }
    for _ in 0..<10_000 {
      // Half-way between two doubles, which ties to even.
      let mantissa = UInt64.random(in: 1 << 53..<1 << 54, using: &random) | 1
      Self.expectSameAsStrtod("\(mantissa)", decoder)
      Self.expectSameAsStrtod("\(mantissa)e-\(Int.random(in: 1...20, using: &random))", decoder)
    }
    for text in ["0", "-0", "-0.0", "1e22", "1e23", "9007199254740993", "4.9e-324", "2.2250738585072011e-308", "1e400"]
    {
      Self.expectSameAsStrtod(text, decoder)
    }
  }

  @Test(arguments: [
    "", " ", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "1_0", "--1", "-NaN", "nan", "Inf", "infinity", "tru",
    "nulll", "'a'", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "[1 2]", "1 2", "[1}",
    "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"", "\"a", "\"\u{1}\"", "\"a\nb\"", "[\"\t\"]", "\u{FEFF}1", "1\0", "[1]]",
  ])
  func whatIsNoJSONIsRefused(text: String) {
    #expect(throws: Unreadable.self) { try JSONValue.parse(Array(text.utf8)) }
    #expect(!Self.simdjsonAccepts(Array(text.utf8)))
  }

  @Test func valuesThatAreNestedTooDeepAreNotRead() throws {
    func nested(_ open: String, _ close: String, _ depth: Int) -> [UInt8] {
      Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
    }
    for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
      let levels = open.hasPrefix("[{") ? 2 : 1
      let deepest = nested(open, close, 512 / levels)
      let value = try JSONValue.parse(deepest)
      let again = try JSONValue.parse(deepest)
      #expect(value.encoded == deepest && value == again)
      #expect(throws: Unreadable.nestedTooDeep) { try JSONValue.parse(nested(open, close, 512 / levels + 1)) }
      #expect(throws: Unreadable.nestedTooDeep) { try JSONValue.parse(nested(open, close, 1_000_000)) }
    }
  }
}
