import FleetModel
import Redis
import Wire

/// Where keys are, and what time it is there.
extension ServerChecks {
  /// Nil if the server is no node of a cluster.
  var slots: Check? {
    guard answers.isCluster else { return nil }
    let prefix = installation.prefix
    guard prefix.hashTag != nil else {
      return Check(
        "cluster", .wrong,
        "the keys of \(prefix) are in many slots, so on many nodes: no step could change them all at once",
        advice: "give the prefix a hash tag, everywhere: --prefix '{\(prefix.channels)}'")
    }
    let slot = HashSlot.of(installation.keys.lease)
    let map: SlotMap
    switch answers.slots {
    case .none: return Check("cluster", .unknown, "no answer to CLUSTER SLOTS")
    case .refused(let error): return .refused("cluster", "CLUSTER SLOTS", error)
    case .value(let value): map = value
    }
    guard let owner = map.owner(of: slot) else {
      return Check(
        "cluster", .wrong, "all keys are in slot \(slot), which no node serves",
        advice: "CLUSTER ADDSLOTS, or bring its node back; CLUSTER INFO tells more")
    }
    if let own = answers.ownNode.value, own == owner.id {
      return Check("cluster", .ok, "all keys are in slot \(slot), which this node serves")
    }
    guard answers.ownNode.value != nil else {
      return Check("cluster", .ok, "all keys are in slot \(slot), which \(owner.place) serves")
    }
    return Check(
      "cluster", .look, "all keys are in slot \(slot), which another node serves: \(owner.place)",
      advice: "point --redis at \(owner.place)")
  }

  private static let mostSkew = TimeSpan.seconds(1)

  var clock: Check {
    switch answers.skew {
    case .none: return Check("clock", .unknown, "no answer to TIME")
    case .refused(let error): return .refused("clock", "TIME", error)
    case .value(let (difference, took)):
      let way = difference < .zero ? "behind" : "ahead of"
      let size = Self.seconds(difference.magnitude)
      guard difference.magnitude > Self.mostSkew + took else {
        return Check("clock", .ok, "this machine's, within \(Self.seconds(max(difference.magnitude, took)))")
      }
      return Check(
        "clock", .look,
        "\(size) \(way) this machine's. All programs go by the server's, so nothing breaks; times in logs differ",
        advice: "set both clocks by NTP")
    }
  }

  private static func seconds(_ span: TimeSpan) -> String {
    if span.seconds >= 60 { return "\(span.seconds) s" }
    let hundredths = (span.milliseconds + 9) / 10
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
  }
}
