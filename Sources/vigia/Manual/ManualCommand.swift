import ArgumentParser

/// `vigia manual`: the chapters inside the program.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print a chapter of the manual, or list the chapters.",
    discussion: """
      On a terminal a chapter is laid out for its width, and shown by $PAGER, or by less if PAGER is not set. An empty \
      PAGER prints it plainly. Elsewhere the chapter is printed as it is, in Markdown.
      """)

  @Argument(help: "The chapter; without it all of them are listed.") var topic: String?

  func validate() throws { _ = try chapter() }

  func run() throws {
    guard let chapter = try chapter() else { return list() }
    guard let columns = Pager.columns else { return Output.raw(chapter.text) }
    let page = ManualPage(String(decoding: chapter.text, as: UTF8.self), columns: columns)
    Pager.show(page.lines.flatMap { Array($0.utf8) + [10] })
  }

  /// Nil if none is asked for.
  private func chapter() throws -> ManualChapter? {
    guard let topic else { return nil }
    guard let chapter = ManualChapter.all.first(where: { $0.topic == topic }) else {
      let topics = ManualChapter.all.map(\.topic).joined(separator: ", ")
      throw ValidationError("the manual has no chapter \"\(topic)\"; there are \(topics)".shown)
    }
    return chapter
  }

  private func list() {
    let width = ManualChapter.all.map(\.topic.count).max() ?? 0
    Output.line("vigia manual TOPIC prints one of these chapters:\n")
    for chapter in ManualChapter.all {
      let pad = String(repeating: " ", count: width - chapter.topic.count + 2)
      Output.line("  \(chapter.topic)\(pad)\(chapter.summary)")
    }
  }
}
