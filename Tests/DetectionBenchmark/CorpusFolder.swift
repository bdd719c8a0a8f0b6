import Glibc

/// A folder in the layout that `CorpusText` describes.
package struct CorpusFolder {
  private let path: String

  package init(_ path: String) {
    self.path = path
  }

  /// What can't be read or written.
  package struct Fault: Error, CustomStringConvertible {
    package let description: String
  }

  /// All series with their windows, by name.
  package func read() throws -> [LabelledSeries] {
    let windows = try CorpusText.windows(json: bytes(of: "labels/combined_windows.json"))
    return try windows.keys.sorted().map { name in
      var series = try CorpusText.series(named: name, csv: text(of: "data/\(name)"))
      try CorpusText.label(&series, windows[name] ?? [])
      return series
    }
  }

  /// The scores that a detector's results hold for a series: `<folder>/<file>.csv` here, or with a prefix `<detector>_`
  /// before the file, as the benchmark itself writes it.
  package func scores(of series: LabelledSeries) throws -> [Double] {
    let detector = path.split(separator: "/").last.map(String.init) ?? ""
    let parts = series.name.split(separator: "/")
    let prefixed = parts.dropLast().joined(separator: "/") + "/\(detector)_\(parts.last ?? "")"
    let name = access("\(path)/\(prefixed)", R_OK) == 0 ? prefixed : series.name
    let scores = try CorpusText.scores(named: name, csv: text(of: name))
    guard scores.count == series.values.count else {
      throw Fault(description: "\(path)/\(name): \(scores.count) rows, expected \(series.values.count)")
    }
    return scores
  }

  /// Writes series and windows.
  package func write(_ corpus: [LabelledSeries]) throws {
    for series in corpus {
      let rows = zip(series.timestamps, series.values).map { "\($0),\($1)" }
      try write(["timestamp,value"] + rows, to: "data/\(series.name)")
    }
    let entries = corpus.map { series in
      let windows = series.windows.map {
        "[\"\(series.timestamps[$0.lowerBound])\", \"\(series.timestamps[$0.upperBound])\"]"
      }
      return "  \"\(series.name)\": [\(windows.joined(separator: ", "))]"
    }
    try write(["{", entries.joined(separator: ",\n"), "}"], to: "labels/combined_windows.json")
  }

  /// Writes the score of each row of a series.
  package func write(_ scores: [Double], of series: LabelledSeries) throws {
    let rows = scores.indices.map { "\(series.timestamps[$0]),\(series.values[$0]),\(scores[$0])" }
    try write(["timestamp,value,anomaly_score"] + rows, to: series.name)
  }

  private func text(of name: String) throws -> String { String(decoding: try bytes(of: name), as: UTF8.self) }

  private func bytes(of name: String) throws -> [UInt8] {
    guard let file = fopen("\(path)/\(name)", "r") else { throw fault("read", name) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    guard ferror(file) == 0 else { throw fault("read", name) }
    return bytes
  }

  private func write(_ lines: [String], to name: String) throws {
    try makeFolders(for: "\(path)/\(name)")
    guard let file = fopen("\(path)/\(name)", "w") else { throw fault("write", name) }
    let text = lines.joined(separator: "\n") + "\n"
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten else { throw fault("write", name) }
  }

  private func makeFolders(for file: String) throws {
    for (index, letter) in file.enumerated() where letter == "/" && index > 0 {
      let folder = String(file.prefix(index))
      guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw Fault(description: "mkdir \(folder): \(reason)") }
    }
  }

  private var reason: String { String(cString: strerror(errno)) }

  private func fault(_ operation: String, _ name: String) -> Fault {
    Fault(description: "\(operation) \(path)/\(name): \(reason)")
  }
}
