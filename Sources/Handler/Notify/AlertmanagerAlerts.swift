import Automation
import FleetModel
import HTTP
import Wire

/// Alertmanager's API v2: `POST /api/v2/alerts` of `[{labels, annotations, startsAt, endsAt}]`.
///
/// An alert is its labels: what changes stands in the annotations. It ends at `endsAt` unless it is posted again before,
/// and is resolved by an `endsAt` that has come. Its receivers may read what annotations say as markup, so addresses in them
/// are broken. 200 taken; 400 never will be; 5xx later.
enum AlertmanagerAlerts: NotificationService {
  static let path = "/api/v2/alerts"
  /// How long an alert stands without being posted again; it is, after a third of that, so that two posts may fail.
  static let activeFor = TimeSpan.minutes(15)
  /// By how much Alertmanager's clock may be behind: an end that has not come yet by its clock ends nothing, and the alert
  /// would stand until the end that was posted before.
  static let clockAllowance = TimeSpan.minutes(1)
  private static let mostText = 8000
  private static let mostLabel = 500

  static func body(_ notice: Notice, for channel: Channel, at now: Instant) -> JSONValue {
    let end = notice.status == .resolved ? now - clockAllowance : now + activeFor
    return [
      [
        "labels": labels(notice),
        "annotations": annotations(notice),
        "generatorURL": notice.links.first.map { .string($0.url) },
        // Alertmanager refuses what ends before it starts.
        "startsAt": .string(ISO8601.format(min(notice.at, end))),
        "endsAt": .string(ISO8601.format(end)),
      ]
    ]
  }

  /// The same for the whole life of a notice's key.
  private static func labels(_ notice: Notice) -> JSONValue {
    [
      "alertname": .string(notice.rule ?? "vigia"),
      "severity": .string(notice.severity.rawValue),
      "key": .string(label(ofKey: notice.key)),
      "service": "vigia",
    ]
  }

  /// The notice's key; of one that cannot be shown as it is what can, and a digest, so that it stays its own.
  static func label(ofKey key: String) -> String {
    let shown = label(PlainText.unlinked(key))
    if shown.utf8.elementsEqual(key.utf8) { return shown }
    return PlainText.clipped(shown, to: mostLabel - 17) + "#" + SHA256.hex(Array(key.utf8)).prefix(16)
  }

  private static func annotations(_ notice: Notice) -> JSONValue {
    var annotations: JSONObject = ["summary": .string(label(PlainText.unlinked(notice.title)))]
    for field in notice.fields {
      let name = name(field.name)
      // Alertmanager refuses an alert for a name that is none, and the summary is the summary.
      if annotations[name] == nil { annotations[name] = .string(text(field.value)) }
    }
    if !notice.text.isEmpty { annotations["description"] = .string(text(notice.text)) }
    if !notice.agents.isEmpty { annotations["agents"] = .string(text(notice.agentNames(atMost: 50))) }
    if let role = notice.role, !role.isEmpty { annotations["role"] = .string(label(PlainText.unlinked(role))) }
    return .object(annotations)
  }

  private static func label(_ text: String) -> String { PlainText.clipped(PlainText.line(text), to: mostLabel) }
  private static func text(_ text: String) -> String { PlainText.clipped(PlainText.unlinked(text), to: mostText) }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`: anything else becomes `_`.
  private static func name(_ text: String) -> String {
    let name = text.unicodeScalars.map { scalar -> Character in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isPlain ? Character(scalar) : "_"
    }
    let isNumber = name.first.map { $0.isNumber } ?? true
    return (isNumber ? "_" : "") + String(name.prefix(mostLabel))
  }
}
