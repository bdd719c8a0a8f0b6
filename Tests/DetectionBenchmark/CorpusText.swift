import FleetModel
import Wire

/// The files of a folder in the layout of the Numenta Anomaly Benchmark, as text.
///
/// ```text
/// data/<folder>/<file>.csv         timestamp,value
///                                  2014-04-01 00:00:00,18.32
/// labels/combined_windows.json     {"<folder>/<file>.csv": [["<first timestamp>", "<last timestamp>"]]}
/// ```
package enum CorpusText {
  /// What is wrong with a file, in words.
  package struct Fault: Error, CustomStringConvertible {
    package let description: String
  }

  /// Reads the rows of one file.
  ///
  /// - Throws: `Fault` if a row has no timestamp or value that can be read.
  package static func series(named name: String, csv: String) throws(Fault) -> LabelledSeries {
    var series = LabelledSeries(name: name, timestamps: [], instants: [], values: [])
    for (number, line) in csv.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }).enumerated().dropFirst() {
      let cells = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { String($0) ?? "" }
      guard cells.count >= 2, let instant = instant(cells[0]), let value = Double(cells[1]) else {
        throw Fault(description: "\(name), line \(number + 1): expected timestamp,value")
      }
      series.timestamps.append(cells[0])
      series.instants.append(instant)
      series.values.append(value)
    }
    return series
  }

  /// Reads the third column of a file of results: one score a row.
  package static func scores(named name: String, csv: String) throws(Fault) -> [Double] {
    var scores: [Double] = []
    for (number, line) in csv.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }).enumerated().dropFirst() {
      let cells = line.split(separator: UInt8(ascii: ","), maxSplits: 3).map { String($0) ?? "" }
      guard cells.count >= 3, let score = Double(cells[2]) else {
        throw Fault(description: "\(name), line \(number + 1): expected timestamp,value,anomaly_score")
      }
      scores.append(score)
    }
    return scores
  }

  /// Reads the windows of all files, by file; each is two timestamps.
  package static func windows(json: [UInt8]) throws(Fault) -> [String: [(first: String, last: String)]] {
    guard let object = (try? JSONValue.parse(json))?.object else {
      throw Fault(description: "combined_windows.json: expected an object")
    }
    var windows: [String: [(first: String, last: String)]] = [:]
    for member in object.members {
      let name = String(decoding: member.key, as: UTF8.self)
      windows[name] = []
      for window in member.value.list ?? [] {
        guard let ends = window.list, ends.count == 2, let first = ends[0].text, let last = ends[1].text else {
          throw Fault(description: "combined_windows.json, \(name): expected pairs of timestamps")
        }
        windows[name]?.append((first, last))
      }
    }
    return windows
  }

  /// Puts windows on a series: the rows that have exactly these timestamps.
  ///
  /// - Throws: `Fault` if no row has one of them.
  package static func label(
    _ series: inout LabelledSeries, _ windows: [(first: String, last: String)]
  ) throws(Fault) {
    for window in windows {
      guard let first = instant(window.first), let last = instant(window.last), first <= last,
        let start = series.instants.firstIndex(of: first), let end = series.instants.firstIndex(of: last), start <= end
      else {
        throw Fault(description: "\(series.name): no rows from \(window.first) to \(window.last)")
      }
      series.windows.append(start...end)
    }
  }

  /// `YYYY-MM-DD HH:MM:SS`, parts of a second left out, as UTC.
  static func instant(_ text: String) -> Instant? {
    let parts = text.utf8.split { !(48...57).contains($0) }.prefix(6).compactMap { Int64(String($0) ?? "") }
    guard parts.count >= 5, parts.allSatisfy({ $0 < 10_000 }), (1...12).contains(parts[1]) else { return nil }
    let seconds = parts.count > 5 ? parts[5] : 0
    let minutes = days(parts[0], parts[1], parts[2]) * 1440 + parts[3] * 60 + parts[4]
    return Instant(milliseconds: (minutes * 60 + seconds) * 1000)
  }

  /// The way back, in whole seconds.
  static func timestamp(_ instant: Instant) -> String {
    let seconds = instant.milliseconds / 1000
    var day = seconds / 86_400 + 719_468
    let era = day / 146_097
    day -= era * 146_097
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let rest = day - (365 * year + year / 4 - year / 100)
    let month = (5 * rest + 2) / 153
    let date = rest - (153 * month + 2) / 5 + 1
    let calendar = (era * 400 + year + (month > 9 ? 1 : 0), month > 9 ? month - 9 : month + 3)
    let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
    return padded(calendar.0, 4) + "-" + padded(calendar.1, 2) + "-" + padded(date, 2) + " "
      + clock.map { padded($0, 2) }.joined(separator: ":")
  }

  private static func padded(_ number: Int64, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Days from 1970-01-01 to a date of the Gregorian calendar, whose years begin in March here.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let years = month > 2 ? year : year - 1
    let months = (month + 9) % 12
    return years * 365 + years / 4 - years / 100 + years / 400 + (months * 306 + 5) / 10 + day - 1 - 719_468
  }
}
