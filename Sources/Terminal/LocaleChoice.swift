import Glibc

/// The locale by which the C library measures and writes characters.
enum LocaleChoice {
  /// Sets the process's character type and says whether it is UTF-8.
  ///
  /// The user's locale counts; where it is missing on this machine, or none is set, C.UTF-8 stands in. A locale that
  /// exists and is not UTF-8 is taken at its word.
  static func apply(environment: [String: String]) -> Bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    for candidate in [named, "C.UTF-8", "C.utf8"].compactMap(\.self) where setlocale(LC_CTYPE, candidate) != nil {
      return isUTF8
    }
    return false
  }

  private static var isUTF8: Bool {
    guard let codeset = nl_langinfo(Int32(CODESET)) else { return false }
    return String(cString: codeset) == "UTF-8"
  }
}
