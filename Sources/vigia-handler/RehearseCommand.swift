import ArgumentParser
import Automation
import Configuration
import Handler
import Screen
import Wire

/// `vigia-handler rehearse`: what rules would have made of recorded events; `vigia runbook test` is the same.
struct RehearseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse", abstract: "Say what rules would have made of recorded events; nothing is done.",
    shouldDisplay: false)

  @Argument var file: String
  @Option var events: String
  @Flag var all = false

  func run() throws {
    var runbookTest = RunbookTest(try SettingsSource.runbook(at: file == "built-in" ? nil : file))
    guard let recording = File.read(events) else { throw ValidationError("cannot read the recording \(events)") }
    var (count, unreadable, unmatched) = (0, 0, 0)
    for line in recording.split(separator: 10) {
      count += 1
      guard let findings = Self.findings(&runbookTest, Array(line)) else {
        unreadable += 1
        continue
      }
      unmatched += findings.count { !$0.isMatch }
      for finding in findings where finding.isMatch || all { print(Scrubber.display(finding.words)) }
    }
    let rest = unreadable > 0 ? ", \(unreadable) of them unreadable" : ""
    print("\(count) events\(rest); \(unmatched) times a rule did not match")
  }

  /// Nil if the line is no event.
  private static func findings(_ runbookTest: inout RunbookTest, _ line: [UInt8]) -> [RunbookTest.Finding]? {
    line.withUnsafeBytes { bytes in
      do throws(Unreadable) { return try runbookTest.take(bytes) } catch { return nil }
    }
  }
}

extension RunbookTest.Finding {
  fileprivate var isMatch: Bool { decision.course != .suppression(.notMet) }

  /// When, whom, which rule, what it decides and why, and what it would do.
  fileprivate var words: String {
    let start = "\(ISO8601.format(at))  \(agent)  \(rule)  \(course): \(decision.reason)"
    if case .suppression = decision.course { return start }
    return start + " → " + ruleActions.map(\.description).joined(separator: ", ")
  }

  /// `act`, `propose`, `dry_run`, or why nothing is done.
  private var course: String {
    switch decision.course {
    case .act: "act"
    case .propose: "propose"
    case .dryRun: "dry_run"
    case .suppression(let suppression): suppression.rawValue
    }
  }
}
