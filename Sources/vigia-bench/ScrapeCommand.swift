import ArgumentParser
import Glibc
import Loop
import TestSupport

/// `vigia-bench scrape`: asks a handler for its metrics again and again, as Prometheus does, from a process of its own, so
/// that what it reads holds up nobody who measures.
struct ScrapeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scrape", abstract: "Scrape a handler's metrics again and again.", shouldDisplay: false)

  @Option(help: "The handler's port.") var port: UInt16
  @Option(help: "Milliseconds between two scrapes.") var every: UInt32 = 500

  func run() throws {
    let loop = try Loop()
    let accept = "Accept: application/openmetrics-text;version=1.0.0\r\n"
    while true {
      let page = try RawClient.get("/metrics", port: port, headers: accept, on: loop)
      guard page.text.hasSuffix("# EOF\n") else { throw Mismatch("a page has no end") }
      usleep(every * 1000)
    }
  }
}
