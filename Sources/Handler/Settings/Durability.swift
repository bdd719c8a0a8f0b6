/// Whether what a handler writes must stand on a replica too before it counts.
///
/// A server that is cut off from its replicas cannot tell that from their end. So where replicas are gone, somebody else
/// has to say that the server still counts: most of those who promote replicas; where nobody does so by itself, time.
package struct Durability: Equatable, Sendable {
  /// What `durability` in the settings says.
  package enum Setting: String, Sendable, CaseIterable {
    /// As it turns out: replicated where there are replicas.
    case automatic = "auto"
    case replicated
    case local
  }

  /// Who says that what was written counts.
  enum Witness: Equatable { case nobody, replica, judges }

  package var setting: Setting
  /// Whether something promotes a replica by itself if the server is cut off: then its writes count for nothing.
  var mayBeReplaced: Bool
  /// How many replicas were seen last, and when any was, by the machine's clock in milliseconds.
  private(set) var replicas = 0
  private var seenAt: Int64?

  var hasSeenReplica: Bool { seenAt != nil }

  /// Where nobody can be asked, for how long a server whose replicas are gone is taken for one that is cut off, in
  /// milliseconds: by then whoever promotes one by hand has said so.
  static let graceSpan: Int64 = 60_000

  init(setting: Setting = .automatic, mayBeReplaced: Bool = false) {
    self.setting = setting
    self.mayBeReplaced = mayBeReplaced
  }

  /// Takes what the server says.
  ///
  /// - Parameter count: nil if it does not tell.
  mutating func note(replicas count: Int?, at now: Int64) {
    replicas = count ?? 0
    if replicas > 0 { seenAt = now }
  }

  func witness(at now: Int64) -> Witness {
    switch setting {
    case .replicated: .replica
    case .local: .nobody
    case .automatic where mayBeReplaced: replicas > 0 ? .replica : .judges
    case .automatic: seenAt.map { now - $0 < Self.graceSpan } ?? false ? .replica : .nobody
    }
  }
}
