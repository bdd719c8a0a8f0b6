import FleetModel
import Glibc
import Loop
import Testing

@testable import Logging

/// A log whose clock stands still until it is moved.
private final class LogScene {
  private(set) var lines: [String] = []
  /// Milliseconds after 2026-11-22T08:00:00Z, and of the monotonic clock.
  var now: Int64 = 0
  private(set) var alarm: (due: Int64, ring: () -> Void)?
  private(set) var log: Log!

  init(_ settings: Log.Settings = Log.Settings(), alarms: Bool = true) {
    log = Log(
      settings,
      clock: { [unowned self] in
        let wall = Instant(milliseconds: 1_795_334_400_000 + now)
        return Log.Moment(wall: wall, monotonic: MonotonicTime(nanoseconds: now * 1_000_000))
      },
      write: { [unowned self] in lines.append(String(decoding: $0, as: UTF8.self)) })
    if alarms { log.wake = { [unowned self] in alarm = ($0.milliseconds, $1) } }
  }
}

@Suite struct LogTests {
  @Test func textIsTimeLevelMessageAndValues() {
    let scene = LogScene()
    scene.log(.warning, "no connection", ["reason": "refused \"here\"", "tries": "3", "none": ""])
    #expect(
      scene.lines == ["2026-11-22T08:00:00.000Z warning no connection reason=\"refused 'here'\" tries=3 none=\"\"\n"])
  }

  @Test func jsonIsAnObjectALine() {
    let scene = LogScene(.init(format: .json))
    scene.log(.error, "cannot trim", ["stream": "agentos:\"x\"", "error": "é"])
    #expect(
      scene.lines == [
        #"{"time":"2026-11-22T08:00:00.000Z","level":"error","message":"cannot trim","stream":"agentos:\"x\"","#
          + #""error":"é"}"# + "\n"
      ])
  }

  @Test(arguments: Log.Format.allCases)
  func noLineSteersATerminal(_ format: Log.Format) {
    let scene = LogScene(.init(format: format))
    scene.log(.info, "a\nb", ["id": "\u{1B}[2J\u{9B}2J\u{202E}\u{2028}\u{7F}東京"])
    #expect(scene.lines[0].contains("?[2J?2J???東京") && scene.lines[0].contains("a?b"))
  }

  @Test func lowerLevelsAreLeftOut() {
    for (level, expected) in [(Log.Level.debug, 4), (.info, 3), (.warning, 2), (.error, 1)] {
      let scene = LogScene(.init(level: level))
      for each in Log.Level.allCases { scene.log(each, "x") }
      #expect(scene.lines.count == expected)
    }
  }

  @Test func journalGetsThePriorityOfTextLines() {
    let scene = LogScene(.init(level: .debug, isForJournal: true))
    for level in Log.Level.allCases { scene.log(level, "x") }
    #expect(scene.lines.map { $0.prefix(7) } == ["<7>2026", "<6>2026", "<4>2026", "<3>2026"])
    scene.log.apply(.init(format: .json, isForJournal: true))
    scene.log(.info, "y")
    #expect(scene.lines.last?.hasPrefix("{") == true)
  }

  @Test(arguments: Log.Format.allCases)
  func secretsAreNotWritten(_ format: Log.Format) {
    let scene = LogScene(.init(format: format, secrets: ["s3cret", "s3cret-and-more", "abc"]))
    scene.log(.info, "with s3cret", ["url": "http://x/s3cret-and-more/s3cret", "id": "s3cret\u{301}", "short": "abc"])
    #expect(scene.lines[0].contains("with ***") && scene.lines[0].contains("http://x/***/***"))
    #expect(!scene.lines[0].contains("s3c") && scene.lines[0].contains("abc"))
  }

  @Test func secretsStaySecretUnderOtherSettings() {
    let scene = LogScene(.init(secrets: ["first-secret"]))
    scene.log.apply(.init(secrets: ["second-secret"]))
    scene.log(.info, "first-secret second-secret")
    #expect(scene.lines == ["2026-11-22T08:00:00.000Z info *** ***\n"])
  }
}

@Suite struct LogRepeatTests {
  /// Level, message and count of each line.
  private func short(_ scene: LogScene) -> [String] {
    scene.lines.map { $0.split(separator: " ", maxSplits: 1)[1].dropLast() }.map(String.init)
  }

  @Test func repeatsAreToldWhenTheSpanIsOver() throws {
    let scene = LogScene()
    for number in 0..<8 {
      scene.now = Int64(number) * 1000
      scene.log(.error, "x", ["number": "\(number)"])
    }
    #expect(short(scene) == (0..<5).map { "error x number=\($0)" })
    let alarm = try #require(scene.alarm)
    #expect(alarm.due == 10_000)
    scene.now = 10_000
    alarm.ring()
    #expect(short(scene).dropFirst(5) == ["error x repeated=3"])
    scene.log(.error, "x")
    #expect(short(scene).last == "error x")
  }

  @Test func repeatsAreToldBeforeAnotherLine() {
    let scene = LogScene()
    for _ in 0..<7 { scene.log(.info, "x") }
    scene.log(.info, "y")
    // The span goes on: what comes now is held back again.
    scene.log(.info, "x")
    #expect(short(scene).dropFirst(5) == ["info x repeated=2", "info y"])
    scene.log.flush()
    #expect(short(scene).last == "info x repeated=1")
  }

  @Test func otherLevelsAndMessagesAreOtherLines() {
    let scene = LogScene()
    for _ in 0..<5 { for level in [Log.Level.info, .error] { for text in ["x", "y"] { scene.log(level, text) } } }
    #expect(scene.lines.count == 20)
  }

  @Test func twoInTurnAreBothHeldBack() {
    let scene = LogScene()
    for _ in 0..<100 {
      scene.log(.info, "x")
      scene.log(.info, "y")
    }
    #expect(scene.lines.count == 10)
    scene.now = 10_000
    scene.log(.info, "z")
    #expect(short(scene).dropFirst(10) == ["info x repeated=95", "info y repeated=95", "info z"])
  }

  @Test func whatIsSaidSeldomIsAlwaysWritten() {
    let scene = LogScene()
    for number in 0..<50 {
      scene.now = Int64(number) * 2001
      scene.log(.info, "x")
    }
    #expect(scene.lines.count == 50)
  }

  @Test func jsonTellsTheCountAsANumber() {
    let scene = LogScene(.init(format: .json))
    for _ in 0..<6 { scene.log(.info, "x") }
    scene.log.flush()
    #expect(
      scene.lines.last == #"{"time":"2026-11-22T08:00:00.000Z","level":"info","message":"x","repeated":1}"# + "\n")
  }
}

@Suite struct JournalTests {
  @Test func descriptorIsComparedWithTheVariable() throws {
    let file = try #require(tmpfile())
    defer { fclose(file) }
    var status = stat()
    fstat(fileno(file), &status)
    let (device, inode) = (status.st_dev, status.st_ino)
    #expect(SystemdJournal.reads(fileno(file), stream: "\(device):\(inode)"))
    #expect(!SystemdJournal.reads(fileno(file), stream: "\(device):\(inode + 1)"))
    #expect(!SystemdJournal.reads(-1, stream: "\(device):\(inode)"))
    for text in [nil, "", ":", "\(inode)", "\(device):\(inode):", "x:y"] {
      #expect(!SystemdJournal.reads(fileno(file), stream: text))
    }
  }
}
