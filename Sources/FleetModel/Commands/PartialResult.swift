/// How much was done of what was asked for, if that is not all: a closing line's detail begins with it, as
/// `1 of 2 done: no backup of agent-7 is known`.
package struct PartialResult: Equatable, Sendable {
  package let done: Int
  package let all: Int
  /// Why the rest was not done.
  package let why: String

  package init(done: Int, of all: Int, why: String) {
    (self.done, self.all, self.why) = (done, all, why)
  }

  /// Reads a closing line's detail; nil if it tells of no such thing.
  package init?(detail: String) {
    let parts = detail.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let words = parts[0].split(separator: " ")
    guard words.count == 4, words[1] == "of", words[3] == "done", let done = Int(words[0]), let all = Int(words[2]),
      0 <= done, done < all
    else { return nil }
    self.init(done: done, of: all, why: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
  }

  /// Whether anything was done.
  package var isPart: Bool { done > 0 }

  package var detail: String { "\(done) of \(all) done\(why.isEmpty ? "" : ": \(why)")" }
}
