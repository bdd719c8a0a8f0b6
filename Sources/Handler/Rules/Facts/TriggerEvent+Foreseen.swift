import Automation
import FleetModel
import Wire

/// What a predictive alert foresees, in words: `error rate foreseen to reach 30% in 12m, now 8%`.
extension RuleFacts {
  /// So many predictions are told; the others are counted.
  private static let mostTold = 2

  /// Nil if the event predicts nothing that can be read.
  var foreseen: String? {
    let all = (trigger.data["predictions"]?.list ?? []).compactMap(foreseen)
    guard !all.isEmpty else { return nil }
    let more = all.count > Self.mostTold ? " and \(all.count - Self.mostTold) more" : ""
    return all.prefix(Self.mostTold).joined(separator: "; ") + more
  }

  private func foreseen(_ prediction: JSONValue) -> String? {
    let issue = prediction["metric"]?.text ?? prediction["issue"]?.text
    guard let issue, !issue.isEmpty, issue.utf8.count <= 100 else { return nil }
    // A name that no rule could write is a name all the same.
    let name = FactName("data.\(issue)")
    let title = name?.title ?? issue
    func said(_ key: String) -> String? {
      prediction[key].flatMap { FactValue($0) }.flatMap { value in
        if case .number = value { value.shown(as: name?.form ?? .plain) } else { nil }
      }
    }
    let level = said("value").map { " to reach \($0)" } ?? ""
    let now = present(issue).map { ", now \(FactValue.number($0).shown(as: name?.form ?? .plain))" } ?? ""
    let limit = said("threshold").map { " (limit \($0))" } ?? ""
    return "\(title) foreseen\(level)\(Self.time(prediction["eta_minutes"]?.double))\(now)\(limit)"
  }

  /// ` in 12m`; nothing if it is not known, or makes no sense.
  private static func time(_ minutes: Double?) -> String {
    guard let minutes, (0...1_000_000).contains(minutes) else { return "" }
    let seconds = Int64((minutes * 60).rounded())
    return " in \(seconds < 120 ? TimeSpan.seconds(seconds) : TimeSpan.minutes((seconds + 30) / 60))"
  }
}
