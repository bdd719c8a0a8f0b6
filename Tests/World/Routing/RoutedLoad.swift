import Glibc

/// How many conversations come to a role, over time.
package enum RoutedLoad: Equatable, Sendable {
  case steady
  /// From a moment on so many times as many.
  case step(at: Double, times: Double)
  /// Grows evenly between two moments to so many times as many.
  case ramp(from: Double, to: Double, times: Double)
  /// Swings by a part of itself to either side.
  case sine(period: Double, part: Double)

  /// Of what it is at first, at a second.
  func times(at second: Double) -> Double {
    switch self {
    case .steady: 1
    case .step(let begin, let times): second < begin ? 1 : times
    case .ramp(let begin, let end, let times): 1 + (times - 1) * min(1, max(0, (second - begin) / (end - begin)))
    case .sine(let period, let part): 1 + part * sin(2 * .pi * second / period)
    }
  }

  /// It is never more.
  var most: Double {
    switch self {
    case .steady: 1
    case .step(_, let times), .ramp(_, _, let times): max(1, times)
    case .sine(_, let part): 1 + abs(part)
    }
  }
}
