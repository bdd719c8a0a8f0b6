import Glibc

/// The locale by which the C library measures and writes characters.
package enum LocaleChoice {
  /// Sets the process's character type and says whether it is UTF-8.
  ///
  /// The user's locale counts. If it is missing on this machine but names UTF-8, or none is set, C.UTF-8 stands in.
  /// A locale that is not UTF-8 is taken at its word.
  package static func apply(environment: [String: String]) -> Bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    if let named, setlocale(LC_CTYPE, named) != nil { return isUTF8 }
    let wantsUTF8 = named.map { $0.lowercased().contains("utf") } ?? true
    for candidate in wantsUTF8 ? ["C.UTF-8", "C.utf8"] : [] where setlocale(LC_CTYPE, candidate) != nil {
      return isUTF8
    }
    setlocale(LC_CTYPE, "C")
    return false
  }

  private static var isUTF8: Bool {
    guard let codeset = nl_langinfo(Int32(CODESET)) else { return false }
    return String(cString: codeset) == "UTF-8"
  }
}
