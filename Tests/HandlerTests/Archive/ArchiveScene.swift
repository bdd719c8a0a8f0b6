import FleetModel
import Logging
import TestSupport
import Testing
import Wire

@testable import Handler

/// A Redis, handlers on it, and a real ClickHouse with the tables of an archive.
final class ArchiveScene {
  let scene: HandlerScene
  let house: ClickHouse
  let database = "vigia"

  init() throws {
    scene = try HandlerScene(start: false)
    house = try ClickHouse(on: scene.server.loop)
    try makeTables()
  }

  var settings: ArchiveSettings {
    ArchiveSettings(
      url: house.url, database: database,
      writer: ArchiveSettings.Account(user: ClickHouse.writer.user, password: ClickHouse.writer.password),
      reader: ArchiveSettings.Account(user: ClickHouse.reader.user, password: ClickHouse.reader.password))
  }

  func makeTables() throws {
    for statement in ArchiveStatements.creation(in: database, deduplicates: false) {
      let answer = try ask(statement)
      if !answer.isEmpty { throw ClickHouse.NotServing(log: answer) }
    }
  }

  @discardableResult
  func start(
    _ id: String, waits: Bool = true, log: Log = .silent, _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> HandlerService {
    try scene.startHandler(id, waits: waits, log: log) {
      $0.archive = settings
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
      change(&$0)
    }
  }

  func ask(_ statement: String) throws -> String { try house.ask(statement, on: scene.server.loop) }

  func count(_ table: ArchiveTable) throws -> Int {
    Int(try ask("SELECT count() FROM \(database).\(table.rawValue)").filter { !$0.isWhitespace }) ?? -1
  }

  /// The events of a number of agents, each in its turn.
  func publish(_ count: Int, from first: Int = 0) throws {
    let script = """
      for n = ARGV[1], ARGV[1] + ARGV[2] - 1 do
        redis.call('XADD', KEYS[1], '*', '__data__',
          '{"entity_id":"a-' .. n % 50 .. '","event_type":"metrics","data":{"queue_size":' .. n .. ',"error_rate":0.25}}')
      end
      """
    _ = try scene.server.call("EVAL", script, "1", scene.keys.events, first, count)
  }

  func length(_ stream: [UInt8]) throws -> Int { Int(try scene.server.call("XLEN", stream).integer ?? -1) }

  func cursor(_ stream: [UInt8]) throws -> ArchiveCursor? {
    try scene.server.call("HGET", scene.keys.cursor, ArchiveCursor.field(stream)).bytes.flatMap { ArchiveCursor($0) }
  }

  /// Waits until all of a stream is archived.
  func waitForAll(_ stream: [UInt8]) throws {
    try scene.server.wait {
      let last = try? scene.server.call("XREVRANGE", stream, "+", "-", "COUNT", 1).elements?.first?.elements?.first?
        .bytes
      guard let last else { return false }
      return (try? cursor(stream))?.last == StreamID(last)
    }
  }
}
