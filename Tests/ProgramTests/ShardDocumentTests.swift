import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import Testing
import Wire

/// The Python by which others find the shard of an agent: it is copied from the documents.
struct ShardDocumentTests {
  @Test(arguments: ["Sources/vigia/Manual/deployments.md", "Sources/Wire/WIRE.md"])
  func pythonOfTheDocumentFindsTheSameShard(path: String) throws {
    guard let python = PrivateServer.find("python3", path: "/usr/bin:/usr/local/bin") else {
      try Test.cancel("there is no python3")
    }
    let blocks = try Repository.text(of: path).components(after: "```python\n")
    let block = try #require(blocks.first { $0.hasPrefix("import zlib") })
    let snippet = block.prefix(upTo: try #require(block.firstRange(of: "```")).lowerBound)
    let ids = ["sales-1", "agente-çã", "43", "", "日本", "a b", "🦉"] + (0..<200).map { "agent-\($0)" }

    let folder = try TemporaryFolder()
    let agents = try folder.write(
      String(decoding: JSONValue.array(ids.map { .string($0) }).encoded, as: UTF8.self), to: "agents.json")
    let script = try folder.write(
      snippet + "\nimport json\nimport sys\n\nfor agent in json.load(open(sys.argv[1])):\n"
        + "    print(key(\"events\", agent, 8))\n", to: "shard.py")
    let output = open(folder.file("output"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let child = try Child(python, [script, agents], environment: ["PYTHONUTF8": "1"], output: output)
    close(output)
    #expect(child.wait() == 0)

    let shards = try Shards(8, of: .default)
    let keys = ids.map { String(decoding: Keys(shards.prefixes[shards.shard(of: AgentID($0))]).events, as: UTF8.self) }
    #expect(try #require(Program.contents(of: folder.file("output"))) == keys.joined(separator: "\n") + "\n")
  }
}
