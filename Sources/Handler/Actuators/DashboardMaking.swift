import Automation
import FleetModel
import Grafana
import HTTP
import Wire

/// How an agent's dashboard comes into Grafana, as a machine. It does no harm a second time: a dashboard that people have
/// changed, moved or taken over stays as it is and where it is.
///
/// ```text
///   look ─┬─ there, and not an older one of ours ─▶ done
///         ├─ an older one of ours ─▶ replace, in its folder ─┬─▶ done
///         │                                                  └─ changed meanwhile ─▶ done
///         └─ not there ─▶ make ─┬─▶ done
///                               └─ its name is taken ─▶ look again, then make it with its uid in the title
/// ```
struct DashboardMaking {
  enum Answer: Equatable {
    /// The next request is to be sent.
    case goOn
    case done(String)
    case failed(String)
    /// Whether it arrived nobody knows: the same request once more, after the span that Grafana asks for.
    case noAnswer(String, TimeSpan?)
  }

  private enum Step { case look, make, replace(version: Int, folder: String?) }

  private let service: GrafanaService
  private let dashboard: Dashboard
  private var step = Step.look
  /// Whether another dashboard has its title.
  private var isTitleTaken = false

  init(_ service: GrafanaService, of agent: AgentID) {
    self.service = service
    dashboard = .agent(agent, prefix: service.prefix, source: service.source)
  }

  /// What is to be sent now.
  var request: HTTPRequest {
    switch step {
    case .look: GrafanaRequest.make("GET", "/api/dashboards/uid/\(dashboard.uid)", of: service)
    case .make: save(into: service.folder)
    case .replace(let version, let folder): save(into: folder, version: version)
    }
  }

  private func save(into folder: String?, version: Int? = nil) -> HTTPRequest {
    var document = dashboard.json(title: isTitleTaken ? "\(dashboard.title) (\(dashboard.uid))" : nil)
    if let version, case .object(var object) = document {
      object["version"] = .integer(Int64(version))
      document = .object(object)
    }
    let body: JSONValue = [
      "dashboard": document, "folderUid": folder.map { .string($0) }, "overwrite": false, "message": "made by vigia",
    ]
    return GrafanaRequest.make("POST", "/api/dashboards/db", body, of: service)
  }

  /// Takes the answer to the request.
  ///
  /// - Parameter redacted: its beginning, without secrets: what is said of it.
  mutating func take(_ result: HTTPResult, redacted: HTTPResult) -> Answer {
    let fault = Self.fault(of: redacted)
    guard case .response(let response) = result else { return fault }
    switch (step, response.status) {
    case (.look, 200): return found(response)
    case (.look, 404):
      step = .make
      return .goOn
    case (.make, 200): return .done("made")
    case (.replace, 200): return .done("made anew")
    case (.make, 412): return refused(response) ?? fault
    // Somebody is at it.
    case (.replace, 412): return .done("there, and somebody changes it")
    default: return fault
    }
  }

  private static func fault(of result: HTTPResult) -> Answer {
    switch GrafanaAnswer(result) {
    case .refused(let reason): .failed(reason)
    case .none(let reason, let asked): .noAnswer(reason, asked)
    }
  }

  private mutating func found(_ response: HTTPResponse) -> Answer {
    let there = Answer.done("there already")
    // One that is too long to be read whole was made larger by people.
    guard let json = response.body.withUnsafeBytes({ try? JSONValue.parse($0) }), let found = json["dashboard"],
      let version = found["version"]?.int
    else { return there }
    let tags = Set((found["tags"]?.list ?? []).compactMap(\.text))
    guard tags.contains(Dashboard.tag), tags.contains(where: { $0.hasPrefix(Dashboard.layoutPrefix) }),
      !tags.contains(Dashboard.layout)
    else { return there }
    step = .replace(version: version, folder: json["meta"]?["folderUid"]?.text)
    return .goOn
  }

  /// 412 has a word for the reason; nil if it cannot be helped.
  private mutating func refused(_ response: HTTPResponse) -> Answer? {
    let json = response.body.withUnsafeBytes { try? JSONValue.parse($0) }
    guard json?["status"]?.text == "name-exists", !isTitleTaken else { return nil }
    // Whoever made one with its uid a moment ago was quicker; otherwise it is the title.
    (step, isTitleTaken) = (.look, true)
    return .goOn
  }
}
