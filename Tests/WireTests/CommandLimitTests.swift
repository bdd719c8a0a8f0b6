import FleetModel
import Testing

@testable import Wire

/// Whatever a command holds, reading it is bounded work, and what is kept of it has a bound.
@Suite struct CommandLimitTests {
  /// An element that counts how often it is hashed and compared.
  private struct Counted: Hashable {
    final class Count { var operations = 0 }
    let value: Int
    let count: Count

    static func == (left: Self, right: Self) -> Bool {
      left.count.operations += 1
      return left.value == right.value
    }

    func hash(into hasher: inout Hasher) {
      count.operations += 1
      hasher.combine(value)
    }
  }

  private func operations(on elements: Int, distinct: Int) -> Int {
    let count = Counted.Count()
    let unique = (0..<elements).map { Counted(value: $0 % distinct, count: count) }.uniqued()
    #expect(unique.map(\.value) == Array(0..<distinct))
    return count.operations
  }

  @Test func findingDuplicatesIsLinearInTheirNumber() {
    // Thirty times the elements, thirty times the work, and not nine hundred times; the table that grows hashes again.
    #expect(operations(on: 30_000, distinct: 30_000) < 45 * operations(on: 1000, distinct: 1000))
    #expect(operations(on: 100_000, distinct: 1) < 110 * operations(on: 1000, distinct: 1))
  }

  private func command(_ data: [String: JSONValue] = [:]) -> [UInt8] {
    var members: [String: JSONValue] = [
      "command_id": "c1", "action": "pause", "targets": ["a"], "operator": "ana@ops",
      "issued_at": "2026-11-22T08:00:00.000Z", "expires_at": "2026-11-22T08:01:00.000Z",
    ]
    members.merge(data) { $1 }
    let object = JSONObject(members: members.sorted { $0.key < $1.key }.map { (Array($0.key.utf8), $0.value) })
    let message: JSONValue = ["entity_id": "a", "event_type": "command.pause", "data": .object(object)]
    return message.encoded
  }

  private func refused(_ data: [String: JSONValue]) -> CommandRefusal? {
    do throws(CommandRefusal) {
      _ = try CommandCoding.decode(command(data))
      return nil
    } catch {
      return error
    }
  }

  private func ids(_ count: Int) -> JSONValue { .array((0..<count).map { .string("agent-\($0)") }) }

  @Test func thousandTargetsAreTakenAndOneMoreIsRefused() throws {
    #expect(try CommandCoding.decode(command(["targets": ids(1000)])).targets.count == 1000)
    let refusal = try #require(refused(["targets": ids(1001)]))
    #expect(refusal.id == CommandID("c1") && refusal.operator == "ana@ops" && refusal.targets.isEmpty)
    #expect(
      refusal.reason == #""targets" names 1001 agents, and a command has at most 1000; send several with "batch""#)
  }

  @Test(
    arguments: [
      (["targets": .array(Array(repeating: "a", count: 100_000))], #""targets" names 100000 agents"#),
      (
        [
          "observed": .object(
            JSONObject(
              members: (0..<20_000).map {
                (Array("agent-\($0)".utf8), ["state": "running", "version": 1] as JSONValue)
              }))
        ],
        #""observed" names 20000 agents"#
      ),
      (["targets": [.string([0x61, 0xED, 0xA0, 0x80])]], "no valid UTF-8"),
      (["targets": [.string(String(repeating: "a", count: 513))]], "longer than 512 bytes"),
      (["args": ["for": .string(String(repeating: "9", count: 70_000))]], #""args" holds more than 65536 bytes"#),
      (["args": ["for": .string([0xFF])]], #""args" holds what is no valid UTF-8"#),
      (["operator": .string(String(repeating: "o", count: 257))], #""operator" is longer than 256 bytes"#),
      (["action": .string(String(repeating: "x", count: 900_000))], "which this handler does not know"),
      (["batch": ["id": "b", "part": 0, "parts": 2]], #""batch" needs an "id""#),
      (["batch": ["id": "b", "part": 3, "parts": 2]], #""batch" needs an "id""#),
      (["batch": ["id": "b", "part": 1, "parts": 101]], #""batch" needs an "id""#),
      (["batch": ["id": "a/b", "part": 1, "parts": 2]], #""batch" needs an "id""#),
      (["batch": 7], #""batch" needs an "id""#),
    ] as [([String: JSONValue], String)])
  func whatIsTooMuchIsRefusedInFewWords(data: [String: JSONValue], reason: String) throws {
    let refusal = try #require(refused(data))
    #expect(refusal.reason.contains(reason))
    #expect(refusal.reason.utf8.count < 500 && (refusal.action ?? "").utf8.count <= 64)
    #expect(refusal.targets.count <= 1)
  }

  @Test func messageBeyondItsBoundIsNotRead() {
    let bytes = [UInt8](repeating: UInt8(ascii: "["), count: CommandCoding.mostBytes + 1)
    #expect(throws: CommandRefusal.self) { try CommandCoding.decode(bytes) }
    do throws(CommandRefusal) { _ = try CommandCoding.decode(bytes) } catch {
      #expect(error.reason == #"the command has 1048577 bytes, and 1048576 are the most; send several with "batch""#)
    }
  }

  @Test func nestedArgumentsAreRefusedWithoutBeingCopiedAtEachDepth() throws {
    var value: JSONValue = .string(String(repeating: "x", count: 900_000))
    for _ in 0..<400 { value = [value] }
    #expect(try #require(refused(["args": ["for": value]])).reason.contains("more than 65536 bytes"))
    var small: JSONValue = "15m"
    for _ in 0..<400 { small = [small] }
    #expect(try CommandCoding.decode(command(["args": ["for": small]])).arguments == ["for": "15m"])
  }

  @Test func longReasonIsCutWhereACharacterEnds() throws {
    let reason = String(repeating: "ü", count: 2000)
    let text = try CommandCoding.decode(command(["reason": .string(reason)])).reason
    #expect(text.utf8.count <= 1024 && text.hasSuffix("…") && text.dropLast().allSatisfy { $0 == "ü" })
  }
}
