import Glibc
import Handler
import TestSupport
import Wire

@testable import vigia

/// A Redis, a ClickHouse, and the built programs with settings that name both.
final class ArchivePrograms {
  let server: TestServer
  let house: ClickHouse
  private let folder: TemporaryFolder
  private let keys = Keys()

  init() throws {
    server = try TestServer()
    house = try ClickHouse(on: server.loop)
    folder = try TemporaryFolder()
    try folder.write(
      """
      [archive]
      url = "\(house.url)"
      user = "\(ClickHouse.writer.user)"
      password_env = "WRITE"
      read_user = "\(ClickHouse.reader.user)"
      read_password_env = "READ"
      """, to: "handler.toml")
  }

  var environment: [String: String] {
    [
      "VIGIA_HANDLER_CONFIG": folder.file("handler.toml"), "WRITE": ClickHouse.writer.password,
      "READ": ClickHouse.reader.password,
    ]
  }

  func run(_ arguments: [String]) throws -> Program.Result {
    try Program(arguments, on: server.endpoint, environment: environment).finish()
  }

  func startHandler(_ id: String) throws -> Program {
    try Program(
      ["--id", id, "--runbook", "/dev/null"], on: server.endpoint, environment: environment, name: "vigia-handler")
  }

  func ask(_ statement: String) throws -> String { try house.ask(statement, on: server.loop) }

  func publish(_ count: Int, from first: Int = 0, id: String = "*") throws {
    let script = """
      for n = ARGV[1], ARGV[1] + ARGV[2] - 1 do
        local id = ARGV[3]
        if id ~= '*' then id = string.format('%.0f', id + n * 60000) .. '-0' end
        redis.call('XADD', KEYS[1], id, '__data__',
          '{"entity_id":"a-' .. n % 5 .. '","event_type":"metrics","data":{"queue_size":' .. n .. '}}')
      end
      """
    let reply = try server.call("EVAL", script, "1", keys.events, first, count, id)
    if let error = reply.error { throw error }
  }

  var isArchiving: Bool {
    (try? server.call("HEXISTS", keys.cursor, ArchiveCursor.batchField(keys.events))) == .integer(1)
  }

  /// How many entries the stream has, and how many of them the archive has, each once.
  func counts() throws -> (stream: Int, archive: Int) {
    let length = try server.call("XINFO", "STREAM", keys.events).field("entries-added")?.integer ?? -1
    let rows = try ask("SELECT count() FROM vigia.event_rows FINAL").filter { !$0.isWhitespace }
    return (Int(length), Int(rows) ?? -1)
  }

  func waitForAll() throws {
    try server.wait {
      let last = try? server.call("XREVRANGE", keys.events, "+", "-", "COUNT", 1).elements?.first?.elements?.first?
        .bytes
      let cursor = try? server.call("HGET", keys.cursor, ArchiveCursor.field(keys.events)).bytes
      guard let last, let cursor else { return false }
      return ArchiveCursor(cursor)?.last == StreamID(last)
    }
  }
}
