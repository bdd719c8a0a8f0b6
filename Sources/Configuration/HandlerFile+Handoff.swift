import FleetModel

/// Who chooses which agent takes a conversation for which its own asks for another one:
///
/// ```toml
/// [handoff]
/// mode = "auto"                # "propose" or "auto"; "off" is the default
/// answer_within = "20s"        # who is chosen has so long to accept; then the next best is
/// ```
/// In `propose` the handler chooses, and a person hands over: nobody is asked. While it is `off` rules may choose.
extension HandlerFile {
  static func handoff(in top: FileSection) throws(ConfigurationError) -> HandoffSettings {
    var settings = HandoffSettings()
    guard let section = try top.section("handoff") else { return settings }
    try section.allow(["mode", "answer_within"], in: "handoff")
    settings.mode = try section.choice("mode") ?? settings.mode
    guard let span = try section.span("answer_within", atMost: HandoffSettings.spans.upperBound) else {
      return settings
    }
    guard HandoffSettings.spans.contains(span) else {
      throw section.fault("answer_within", expected: "a span from \(HandoffSettings.spans.lowerBound) to 10m")
    }
    settings.answerWithin = span
    return settings
  }
}
