import ArgumentParser
import DetectionBenchmark
import Glibc
import Insight

/// `vigia-bench detect`: how many of a corpus' faults the detectors find, how early, and how often they are wrong.
struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Score the detectors on a folder in the layout of the Numenta Anomaly Benchmark, by its rules.",
    discussion: """
      DIR holds data/*/*.csv with the columns timestamp,value, and labels/combined_windows.json. Each profile is scored \
      twice: with the threshold that suits the corpus best, as that benchmark does, and with the one that ships.
      """)

  @Argument(help: "The corpus.") var directory: String
  @Option(help: "First write a synthetic corpus there, made from this seed.") var synthetic: UInt64?
  @Option(help: "Write each row's score there: timestamp,value,anomaly_score; from 1.0 on it is an alarm.")
  var scores: String?
  @Option(help: "Judge the results of another detector: a folder of such files.") var results: String?
  @OptionGroup var report: Report

  /// What a row's score must reach to be an alarm.
  private static let shipped = 1.0

  func run() throws {
    if let synthetic { try CorpusFolder(directory).write(SyntheticCorpus.series(seed: synthetic)) }
    let corpus = try CorpusFolder(directory).read()
    let judged =
      try results.map { folder in try corpus.map { try CorpusFolder(folder).scores(of: $0) } } ?? watch(corpus)
    for profile in BenchmarkProfile.all {
      var scorer = BenchmarkScorer(profile)
      for (series, scores) in zip(corpus, judged) { scorer.add(series, scores: scores) }
      add(scorer, profile)
    }
    guard let scores else { return }
    for (series, rows) in zip(corpus, judged) { try CorpusFolder(scores).write(rows, of: series) }
  }

  /// The score of each row of each series.
  private func watch(_ corpus: [LabelledSeries]) -> [[Double]] {
    let start = clock()
    let scores = corpus.map { series in
      var watch = MetricWatch(MetricID(rawValue: 0))
      return series.values.indices.map {
        watch.judge(Sample(series.values[$0], at: series.instants[$0])).score
      }
    }
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    let rows = corpus.reduce(0) { $0 + $1.values.count }
    report.add("detect, samples a core", "M/s", Rounds([Double(rows) / max(seconds, 1e-6) / 1e6]), target: .atLeast(1))
    report.add("detect, memory a metric", "bytes", Rounds([Double(MetricWatch.byteCount)]), target: .atMost(1024))
    return scores
  }

  private func add(_ scorer: BenchmarkScorer, _ profile: BenchmarkProfile) {
    let isStandard = profile.name == BenchmarkProfile.standard.name
    let best = scorer.best()
    add("searched", best, profile, target: isStandard ? .atLeast(66) : nil)
    report.add("detect \(profile.name), threshold searched", "", Rounds([best.threshold]))
    guard results == nil else { return }
    add("shipped", scorer.result(at: Self.shipped), profile, target: isStandard ? .atLeast(60) : nil)
  }

  private func add(
    _ kind: String, _ result: BenchmarkScorer.Result, _ profile: BenchmarkProfile, target: Measurement.Target?
  ) {
    let name = "detect \(profile.name), \(kind)"
    report.add("\(name)", "points", Rounds([result.score]), target: target)
    report.add("\(name), found of \(result.windows)", "windows", Rounds([Double(result.windowsFound)]))
    report.add(
      "\(name), false alarms per 10,000", "rows", Rounds([result.falseAlarmsPer10000]),
      target: target == nil ? nil : .atMost(5))
  }
}
