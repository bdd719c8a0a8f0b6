import Automation
import TestSupport
import Wire

/// A Grafana as far as its documentation tells: what it keeps, what it refuses, and with which status.
final class MockGrafana {
  struct Stored {
    var dashboard: JSONValue
    var folder: String?
  }

  static let token = "glsa_0123456789abcdef"

  private(set) var service: MockService!
  /// By uid.
  var dashboards: [String: Stored] = [:]
  private(set) var annotations: [Int: JSONValue] = [:]
  /// What bodies have broken of the schema that Grafana publishes, or of its documentation.
  private(set) var faults: [String] = []
  var folders: Set<String> = ["agents", "ops"]
  /// Answers instead of its own, oldest first.
  var answers: [MockService.Answer] = []
  private let schema: JSONSchema

  init(on scene: HandlerScene) throws {
    schema = try JSONSchema(named: "grafana-dashboard")
    service = try MockService(loop: scene.server.loop) { [unowned self] in
      answers.isEmpty ? answer($0) : answers.removeFirst()
    }
  }

  /// How a handler reaches it.
  func settings(_ change: (inout GrafanaService) -> Void = { _ in }) -> GrafanaService {
    var settings = GrafanaService(url: service.url(""), token: Self.token, folder: "agents", source: "prom-1")
    change(&settings)
    return settings
  }

  /// The texts of annotations, in the order in which they were made.
  var texts: [String] { annotations.sorted { $0.key < $1.key }.compactMap { $0.value["text"]?.text } }

  func requests(_ method: String, _ path: String) -> Int {
    service.requests.count { $0.method == method && $0.path.hasPrefix(path) }
  }

  private func answer(_ request: MockService.Request) -> MockService.Answer {
    guard request.headers["authorization"] == ["Bearer \(Self.token)"] else {
      return .status(401, #"{"message":"Unauthorized"}"#)
    }
    let body = request.body.withUnsafeBytes { try? JSONValue.parse($0) } ?? .null
    let path = request.path.split(separator: "?")[0].split(separator: "/").map(String.init)
    switch (request.method, path.dropFirst().first, path.last) {
    case ("GET", "dashboards", let uid?): return find(uid)
    case ("POST", "dashboards", "db"): return save(body)
    case ("GET", "annotations", _): return find(query: request.path)
    case ("POST", "annotations", _): return annotate(body)
    case ("PATCH", "annotations", let number?): return change(Int(number) ?? 0, body)
    default: return .status(404, #"{"message":"Not found"}"#)
    }
  }

  // MARK: Dashboards

  private func find(_ uid: String) -> MockService.Answer {
    guard let stored = dashboards[uid] else { return .status(404, #"{"message":"Dashboard not found"}"#) }
    let json: JSONValue = [
      "dashboard": stored.dashboard, "meta": ["folderUid": .string(stored.folder ?? ""), "slug": "x"],
    ]
    return .status(200, json.document)
  }

  private func save(_ body: JSONValue) -> MockService.Answer {
    guard let dashboard = body["dashboard"], let uid = dashboard["uid"]?.text, let title = dashboard["title"]?.text
    else {
      return .status(400, #"{"message":"bad request data"}"#)
    }
    faults += schema.faults(of: dashboard)
    guard uid.utf8.count <= 40 else { return .status(400, #"{"message":"uid too long, max 40 characters"}"#) }
    let folder = body["folderUid"]?.text
    if let folder, !folder.isEmpty, !folders.contains(folder) {
      return .status(400, #"{"message":"folder not found"}"#)
    }
    let overwrites = body["overwrite"]?.bool == true
    if let former = dashboards[uid], !overwrites {
      guard let version = dashboard["version"]?.int else {
        return refuse("name-exists", "A dashboard with the same uid already exists")
      }
      guard version == former.dashboard["version"]?.int else {
        return refuse("version-mismatch", "The dashboard has been changed by someone else")
      }
    }
    let hasNamesake = dashboards.contains {
      $0.key != uid && $0.value.folder == folder && $0.value.dashboard["title"]?.text == title
    }
    if hasNamesake, !overwrites {
      return refuse("name-exists", "A dashboard with the same name in the folder already exists")
    }
    keep(dashboard, uid, folder)
    return .status(200, #"{"status":"success","uid":"\#(uid)"}"#)
  }

  private func refuse(_ status: String, _ message: String) -> MockService.Answer {
    .status(412, #"{"status":"\#(status)","message":"\#(message)"}"#)
  }

  private func keep(_ dashboard: JSONValue, _ uid: String, _ folder: String?) {
    guard case .object(var object) = dashboard else { return }
    object["version"] = .integer(Int64((dashboards[uid]?.dashboard["version"]?.int ?? 0) + 1))
    dashboards[uid] = Stored(dashboard: .object(object), folder: folder)
  }

  // MARK: Annotations

  private func annotate(_ body: JSONValue) -> MockService.Answer {
    guard let text = body["text"]?.text, !text.isEmpty else { return .status(400, #"{"message":"text is required"}"#) }
    for member in body.object?.members ?? [] {
      let key = String(decoding: member.key, as: UTF8.self)
      if !["dashboardUID", "panelId", "time", "timeEnd", "tags", "text"].contains(key) { faults.append("no \(key)") }
    }
    faults += (body["tags"]?.list ?? []).compactMap(\.text).filter { $0.unicodeScalars.count > 200 }
    annotations[annotations.count + 1] = body
    return .status(200, #"{"message":"Annotation added","id":\#(annotations.count)}"#)
  }

  private func find(query path: String) -> MockService.Answer {
    let pairs = path.split(separator: "?").last?.split(separator: "&") ?? []
    let tags = pairs.filter { $0.hasPrefix("tags=") }.map { String($0.dropFirst(5)) }
    let found = annotations.filter { _, annotation in
      Set(tags).isSubset(of: (annotation["tags"]?.list ?? []).compactMap(\.text))
    }
    let list = found.sorted { $0.key < $1.key }.prefix(1).map { number, annotation -> JSONValue in
      ["id": .integer(Int64(number)), "text": annotation["text"]]
    }
    return .status(200, JSONValue.array(list).document)
  }

  private func change(_ number: Int, _ body: JSONValue) -> MockService.Answer {
    guard case .object(var object)? = annotations[number] else { return .status(404, #"{"message":"Not found"}"#) }
    for member in body.object?.members ?? [] { object[member.key] = member.value }
    annotations[number] = .object(object)
    return .status(200, #"{"message":"Annotation patched"}"#)
  }
}

extension JSONValue {
  fileprivate var document: String { String(decoding: encoded, as: UTF8.self) }
}
