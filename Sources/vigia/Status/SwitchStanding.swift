import FleetModel

/// Where the fleet-wide switch of the rules stands, by what those shards say that say anything.
struct SwitchStanding {
  /// While they differ, the strictest; unknown if none says it.
  let setting: AutomationSetting
  /// Where each stands, if not all alike.
  let differs: String?
  private let silent: [Int]

  /// - Parameter settings: one a shard, in their order.
  init(_ settings: [AutomationSetting]) {
    setting = AutomationSetting.strictestKnown(of: settings)
    differs = AutomationSetting.differenceWords(settings)
    silent = settings.indices.filter { settings[$0] == .unknown }
  }

  /// `shard 03 does not say`; nil if all say it, or none.
  var silentWords: String? {
    guard !silent.isEmpty, setting != .unknown else { return nil }
    return "\(ShardNames.words(silent)) \(silent.count == 1 ? "does" : "do") not say"
  }

  /// What there is to say of single shards; nil if all stand alike.
  var shardWords: String? {
    let words = [differs, silentWords].compactMap(\.self)
    return words.isEmpty ? nil : words.joined(separator: "; ")
  }
}
