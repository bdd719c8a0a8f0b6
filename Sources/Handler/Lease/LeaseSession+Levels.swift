import FleetModel
import Wire

extension LeaseSession {
  /// Writes by which metrics and levels agents are judged, so that consoles judge by the same; first when it begins, and
  /// again with other options. What Redis refuses is tried again.
  ///
  /// - Parameter warn: told what consoles are to show; nil if all is well.
  func tellLevels(_ warn: @escaping (String?) -> Void) {
    let told = LevelsCoding.encode(LevelSettings(metrics: options.metrics, levels: options.levels))
    guard told.count <= LevelsCoding.mostBytes else {
      return warn("consoles do not show the handler's levels: they take more than a megabyte")
    }
    var transaction = Transaction()
    transaction.change("SET", keys.levels, told)
    run(transaction) { [weak self] outcome in
      guard let self else { return }
      switch outcome {
      case .done:
        warn(nil)
        owner?.levelsAreTold(LevelsCoding.digest(told))
      case .failed(let error):
        warn("consoles do not show the handler's levels: \(error.text)")
        later(inMilliseconds: Self.tellAgainMilliseconds) { [weak self] in self?.tellLevels(warn) }
      case .conflict, .fenced: break
      }
    }
  }

  private static let tellAgainMilliseconds: Int64 = 5000
}
