import FleetModel
import Redis

/// Which server it is, and how many replicas follow it: what INFO tells, as far as a user may ask for it.
struct ReplicaState: Equatable {
  /// Each start of a server has one of its own.
  var runID: String?
  /// How many replicas have caught up and follow; nil if the server does not tell.
  var replicas: Int?

  /// What is asked; the answers are read by ``init(_:)``.
  static let requests = [Request("INFO", "server"), Request("INFO", "replication")]

  init(runID: String? = nil, replicas: Int? = nil) {
    self.runID = runID
    self.replicas = replicas
  }

  init(_ replies: [Reply]) {
    runID = replies.first.flatMap { Self.value("run_id", in: $0) }
    guard replies.count > 1, let text = replies[1].text else { return }
    guard text.contains("role:") else { return }
    // slave0:ip=127.0.0.1,port=7001,state=online,offset=84,lag=0
    replicas = text.split(whereSeparator: \.isNewline).count { line in
      line.hasPrefix("slave") && line.contains(",state=online,")
    }
  }

  private static func value(_ name: String, in reply: Reply) -> String? {
    let line = reply.text?.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name):") }
    return line.map { String($0.dropFirst(name.count + 1)).clipped(toBytes: 80) }
  }
}
