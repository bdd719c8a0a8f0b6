/// Where in a TOML file each key stands: the parser tells lines of syntax errors only.
///
/// It goes by headers and by the beginnings of lines, so that a key inside an inline table or a list is found at the line
/// of the key around it: paths are looked up from their end.
struct TOMLLines {
  private var lines: [String: Int] = [:]

  init(_ text: String) {
    var header = ""
    var counts: [String: Int] = [:]
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.drop { $0 == " " || $0 == "\t" }
      if line.hasPrefix("[[") {
        guard let end = line.range(of: "]]") else { continue }
        let name = Self.resolved(line[line.index(line.startIndex, offsetBy: 2)..<end.lowerBound], counts)
        counts[name, default: -1] += 1
        header = "\(name)[\(counts[name] ?? 0)]"
        lines[header] = number + 1
      } else if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        header = Self.resolved(line[line.index(after: line.startIndex)..<end], counts)
        lines[header] = number + 1
      } else if let equals = line.firstIndex(of: "="), let first = line.first, first != "#", first != "{" {
        let key = Self.unquoted(line[..<equals])
        let path = header.isEmpty ? key : "\(header).\(key)"
        if lines[path] == nil { lines[path] = number + 1 }
      }
    }
  }

  /// The line of a key, or of what is around it, from 1; nil where nothing of it is found.
  func line(of path: String) -> Int? {
    var path = path[...]
    while true {
      if let line = lines[String(path)] { return line }
      guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
      path = path[..<end]
    }
  }

  /// A header's name, with the number of the present element after each list's name.
  private static func resolved(_ header: Substring, _ counts: [String: Int]) -> String {
    let parts = header.split(separator: ".").map { unquoted($0) }
    var name = ""
    for (place, part) in parts.enumerated() {
      name += (name.isEmpty ? "" : ".") + part
      if place < parts.count - 1, let count = counts[name] { name += "[\(count)]" }
    }
    return name
  }

  private static func unquoted(_ text: Substring) -> String {
    String(text.filter { $0 != " " && $0 != "\t" && $0 != "\"" })
  }
}

extension Substring {
  /// Where a text stands in it.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
