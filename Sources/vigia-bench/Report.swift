import ArgumentParser
import Glibc

/// How results are printed: a line each, in words or as JSON.
struct Report: ParsableArguments {
  @Flag(help: "A JSON object a line.") var json = false

  /// Prints one result at once, so that a long run shows how far it is.
  func add(_ measurement: Measurement) {
    print(json ? String(decoding: measurement.json.encoded, as: UTF8.self) : measurement.description)
    fflush(nil)
  }

  /// Prints the rounds of one thing beside each of its baselines.
  func add(
    _ name: String, _ unit: String, _ rounds: Rounds, beside baselines: [(Measurement.Baseline, Measurement.Target?)]
  ) {
    for (baseline, target) in baselines {
      add(Measurement(name: name, unit: unit, rounds: rounds, baseline: baseline, target: target))
    }
  }

  func add(_ name: String, _ unit: String, _ rounds: Rounds, target: Measurement.Target? = nil) {
    add(Measurement(name: name, unit: unit, rounds: rounds, target: target))
  }
}

/// Something came out that must not: what was measured is worth nothing.
struct Mismatch: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
