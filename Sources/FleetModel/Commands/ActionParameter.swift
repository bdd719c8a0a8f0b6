/// One argument of an action.
package struct ActionParameter: Sendable {
  /// What its text must be.
  package enum Kind: Sendable {
    /// `15m`: see ``TimeSpan``.
    case duration
    /// A whole number from 0.
    case count
    /// `+2`, `-1`.
    case signedCount
    case decimal
    /// An IPv4 or IPv6 address.
    case address
    /// low, medium, high, critical.
    case severity
    /// on, dry, off.
    case mode
    case agent
    case text
  }

  package let name: String
  package let kind: Kind
  package let defaultText: String?
  package let isRequired: Bool

  package init(_ name: String, _ kind: Kind, default text: String? = nil, isRequired: Bool = false) {
    self.name = name
    self.kind = kind
    self.defaultText = text
    self.isRequired = isRequired
  }
}
