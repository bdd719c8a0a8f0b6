/// The file that `--runbook` names.
enum RunbookFile {
  /// The numbers of the lines that hold more than blanks and a comment; nil, with errno set, where it cannot be read.
  static func lines(of path: String) -> [Int]? {
    let blanks: Set<UInt8> = [32, 9, 13]
    return File.read(path)?.split(separator: 10, omittingEmptySubsequences: false).enumerated().compactMap {
      number, line in
      guard let first = line.first(where: { !blanks.contains($0) }), first != UInt8(ascii: "#") else { return nil }
      return number + 1
    }
  }
}
