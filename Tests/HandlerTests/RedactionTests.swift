import FleetModel
import HTTP
import Loop
import TestThreads
import Testing

@testable import Handler
@testable import Logging

/// Secrets are found however they are escaped, wherever an answer is cut.
@Suite(.threaded) struct RedactionTests {
  private static let secret = "s3cr/et+\"ä&x 9"

  @Test(arguments: [
    secret, #"s3cr\/et+\"\u00e4&x 9"#, #"s3cr\/et+\"\u00E4\u0026x 9"#,
    #"\u0073\u0033\u0063\u0072\u002f\u0065\u0074\u002b\u0022\u00e4\u0026\u0078\u0020\u0039"#,
    "s3cr%2Fet%2B%22%C3%A4%26x%209", "s3cr%2fet%2b%22%c3%a4%26x%209", "s3cr%2Fet%2B%22%C3%A4%26x+9",
    "s3cr/et+&quot;ä&amp;x 9", "s3cr&#47;et+&#x22;ä&#38;x 9", #"s3cr\x2fet+\"\xc3\xa4&x 9"#,
    #"\"s3cr\\/et+\\\"\\u00e4&x 9\""#, #"s3cr\u00252Fet%2B%22%C3%A4%26x%209"#,
    // "u:", "us:" and "use:" before it, as in basic authentication.
    "dTpzM2NyL2V0KyLDpCZ4IDk=", "dXM6czNjci9ldCsiw6QmeCA5", "dXNlOnMzY3IvZXQrIsOkJnggOQ==",
    #"dXM6czNjci9ldCsiw6QmeCA5"#,
  ])
  func secretIsFoundHoweverItIsEscaped(_ written: String) {
    let text = Redaction([Self.secret]).apply(to: #"{"error": "no \#(written), sorry"}"#)
    #expect(text == #"{"error": "no ***, sorry"}"# || text == #"{"error": "no \"***\", sorry"}"#)
  }

  @Test func surrogatePairsAreOneLetter() {
    #expect(Redaction(["key-🔑-end"]).apply(to: #"a key-\ud83d\udd11-end b"#) == "a *** b")
  }

  @Test func blanksAroundASecretAreNoPartOfIt() {
    #expect(Redaction(["s3cret-token\n"]).apply(to: "bad s3cret-token!") == "bad ***!")
  }

  @Test func linesOfASecretAreSecretsToo() {
    let key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEAx1y2z3\nq9w8e7r6t5y4u3i2o1p0\n-----END KEY-----\n"
    let text = Redaction([key]).apply(to: "line 2: MIIEowIBAAKCAQEAx1y2z3\nline 3: q9w8e7r6t5y4u3i2o1p0")
    #expect(text == "line 2: ***\nline 3: ***")
  }

  @Test func secretsThatOverlapLeaveNoRest() {
    #expect(Redaction(["abcdef", "defghi", "ghij"]).apply(to: "xabcdefghijx") == "x***x")
    #expect(Redaction(["abcd"]).apply(to: "abcdabcd abcd") == "*** ***")
  }

  @Test(arguments: 0...40) func partOfASecretWhereAnAnswerIsCutIsTakenOut(_ shift: Int) {
    let letters: [UInt8] = (0..<3000).map { (place: Int) -> UInt8 in 97 + UInt8((place * 7 + place / 26) % 26) }
    let secret = String(decoding: letters, as: UTF8.self)
    let body = String(repeating: "-", count: 4096 - shift) + secret
    guard
      case .response(let response) = Redaction([secret]).apply(
        to: .response(HTTPResponse(status: 400, body: Array(body.utf8))))
    else { return }
    #expect(response.body.allSatisfy { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "*") })
  }

  @Test(arguments: 1...40) func partOfASecretWhereOutputBeginsIsTakenOut(_ left: Int) {
    let secret = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    let output = Array((secret.suffix(left) + String(repeating: "-", count: ChildRun.kept - left)).utf8)
    let result = Redaction([secret]).apply(to: .exited(status: 1, output: output))
    #expect(result == .exited(status: 1, output: Array("***".utf8) + output.dropFirst(left)))
  }

  @Test func whatHoldsNoSecretStaysAsItIs() {
    let text = #"{"a\/b": "100%25 &amp; \u00e4", "n": [1, 2]} caf\u{65}\u{301}"#
    #expect(Array(Redaction(["s3cret"]).apply(to: text).utf8) == Array(text.utf8))
    #expect(Redaction([]).apply(to: text) == text)
    #expect(Redaction(["ab"]).apply(to: "ab") == "ab", "what is so short occurs by itself")
  }

  @Test func escapesWithoutEndAreNoTrap() {
    let halves = [
      #"\"#, #"\u"#, #"\u12"#, #"\ud83d"#, #"\ud83d\u"#, "%", "%4", "&", "&#", "&#x;", "&#99999999999;", #"\x"#,
    ]
    for half in halves { #expect(Redaction(["s3cret"]).apply(to: "s3cret\(half)") == "***\(half)") }
    let deep = String(repeating: #"\"#, count: 5000) + "s3cret"
    #expect(Redaction(["s3cret"]).apply(to: deep).hasSuffix("***"))
  }
}
