import FleetModel
import Loop
import TestSupport
import TestThreads
import Testing

@testable import Handler

/// The statements of the archive on a current ClickHouse, which chDB brings to Python.
@Suite(.threaded) struct ArchiveOnChDBTests {
  private static let script = """
    import os, sys
    from chdb import session
    folder = os.environ["FOLDER"]
    house = session.Session(folder + "/data")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".sql"): continue
        with open(folder + "/" + name, "rb") as file: statement = file.read().decode("utf-8", "surrogateescape")
        answer = house.query(statement, "TabSeparated")
        text = "" if answer is None else str(answer)
        with open(folder + "/" + name[:-4] + ".out", "w") as out: out.write(text)
    """

  private func environment() throws -> PythonEnvironment {
    do {
      return try PythonEnvironment("chdb")
    } catch let reason as PythonEnvironment.Unavailable {
      try Test.cancel("\(reason)")
    }
  }

  @Test func statementsAreTakenByACurrentServerAndCountEachRowOnce() throws {
    let python = try environment()
    let folder = try TemporaryFolder()
    var statements = ArchiveStatements.creation(in: "vigia", deduplicates: true)
    // What is there stays.
    statements += statements
    let rows = """
      {"stream":"s","ms":1795334137846,"seq":0,"agent":"a-1","type":"agent.metrics","metric.name":["queue_size","x"],"metric.value":[3,2.5e-7],"data":"{\\"t\\":\\"\\\\u0000\\\\n\\"}"}
      {"stream":"s","ms":18446744073709551615,"seq":18446744073709551615,"agent":"a-1","source":"vigia","type":"agent.silent"}

      """
    let insert = ArchiveTable.events.insert(into: "vigia") + rows
    // The same block, which a current server lets go of; and another one with a row that is there.
    let last = rows.split(separator: "\n").last.map(String.init) ?? ""
    statements += [insert, insert, ArchiveTable.events.insert(into: "vigia") + last]
    let queries = ArchiveQueries(ArchiveSettings(url: "http://127.0.0.1/"))
    let first = statements.count
    statements += [
      ArchiveStatements.deduplicationQuestion,
      "SELECT count() FROM vigia.events", "SELECT agent, type FROM vigia.findings",
      queries.history(
        of: "a-1", in: Array("s".utf8), from: .epoch, to: .init(milliseconds: .max), step: 60_000),
      queries.summary(of: Array("s".utf8), in: .events), queries.days(of: .events),
      queries.drop(day: 65_535, of: .events), "SELECT count() FROM vigia.events", ArchiveQueries.capabilities,
    ]
    for (number, statement) in statements.enumerated() {
      try folder.write(statement, to: "\(1000 + number).sql")
    }
    let child = try python.start(Self.script, named: "house.py", environment: ["FOLDER": folder.path])
    #expect(child.wait() == 0)
    let answers = (first..<statements.count).map { Program.contents(of: folder.file("\(1000 + $0).out")) ?? "none" }
    #expect(answers[0] == "1\n", "a current server knows the token")
    #expect(answers[1] == "2\n" && answers[2] == "a-1\tagent.silent\n")
    #expect(
      answers[3] == "queue_size\t1795334100000\t1\t3\t3\t3\t3\nx\t1795334100000\t1\t2.5e-7\t2.5e-7\t2.5e-7\t2.5e-7\n")
    #expect(answers[4] == "2\t1795334137846\t18446744073709551615\n")
    #expect(answers[5].hasPrefix("20779\t") && answers[5].contains("\n65535\t"))
    #expect(answers[7] == "1\n" && answers[8].contains("final\t0\n") && answers[8].contains("readonly\t0\n"))
  }
}
