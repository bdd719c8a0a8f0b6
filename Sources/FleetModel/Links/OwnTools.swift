/// The links and commands of the operator's own.
package struct OwnTools: Equatable, Sendable {
  package var links: [OwnLink] = []
  package var commands: [OwnCommand] = []
  /// Why there are none although the file has some; nil if they are as written.
  package var fault: String?

  package init() {}

  package var isEmpty: Bool { links.isEmpty && commands.isEmpty && fault == nil }
}
