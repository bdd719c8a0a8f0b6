import FleetModel

/// What an agent's share may be set to, and by how much at once. Found once a look.
struct ShareBounds: Sendable {
  let parameter: TunableParameter
  /// The least that it is given. A share that is too small would never be heard of again.
  let floor: Double
  /// The most that it is given.
  let ceiling: Double
  /// The largest change at once: a fifth of what it declares, or a step, if that is more.
  let mostChange: Double

  /// Of a step: what lies less apart is equal.
  private static let exactness = 1e-6

  init(_ parameter: TunableParameter, most: Double) {
    self.parameter = parameter
    let least = max(parameter.minimum, parameter.value / 10)
    let nearest = parameter.nearest(least)
    floor = nearest >= least ? nearest : parameter.stepped(nearest, by: 1) ?? nearest
    ceiling = min(parameter.maximum, most)
    mostChange = max(parameter.step, parameter.value / 5)
  }

  /// The share to reckon with: one that a person has set beyond the bounds, or that was set before the agent declared
  /// others, counts as the nearest within.
  func nearest(_ share: Double) -> Double { min(max(share, floor), ceiling) }

  /// The change of a share in whole steps that is nearest to the one that is asked for, of those that may be made at once;
  /// 0 if none goes that way.
  ///
  /// - Parameter asked: in shares.
  /// - Parameter isMost: whether the change is to be no larger than what is asked for.
  func change(of share: Double, by asked: Double, isMost: Bool = false) -> Double {
    let most = isMost ? min(abs(asked), mostChange) : mostChange
    var to = parameter.nearest(nearest(share + min(max(asked, -most), most)))
    var least = parameter.step / 2
    if abs(to - share) > most + parameter.step * Self.exactness {
      // The nearest step lies too far: the one before it, however little that is from a share between two steps.
      guard let before = parameter.stepped(to, by: to > share ? -1 : 1) else { return 0 }
      (to, least) = (before, parameter.step * Self.exactness)
    }
    let change = to - share
    return abs(change) >= least && to >= floor && change * asked > 0 ? change : 0
  }
}
