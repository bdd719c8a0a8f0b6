import ArgumentParser
import Console
import FleetModel
import Redis
import Wire

/// `vigia proposals`.
struct ProposalsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proposals", abstract: "Print what rules propose and nobody has answered yet.")

  @OptionGroup var redis: RedisOptions
  @Flag(help: "A line of JSON each.") var json = false

  func run() throws {
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      query.send({ Request("HGETALL", $0.proposals) }) { answers in
        show(Reply.pairs(of: answers), query)
        query.end()
      }
    }
  }

  private func show(_ pairs: [(name: [UInt8], value: [UInt8])], _ query: FleetQuery) {
    var open: [Proposal] = []
    for (id, value) in pairs {
      do throws(ProposalCoding.Fault) {
        let proposal = try ProposalCoding.decode(value, field: id)
        if proposal.state == .open, proposal.expiresAt > query.now { open.append(proposal) }
      } catch {
        query.complain(String(decoding: id, as: UTF8.self), "\(error)")
      }
    }
    open.sort { ($0.expiresAt, $0.id.text) < ($1.expiresAt, $1.id.text) }
    for proposal in open {
      json ? Output.json(ProposalCoding.json(proposal)) : proposal.lines(at: query.now).forEach(Output.line)
    }
    if open.isEmpty, !json { Output.line("no proposal waits for an answer") }
  }
}

extension Proposal {
  /// All of it for a terminal: which and for how long, each effect, why, and its digest.
  func lines(at now: Instant) -> [String] {
    let head = "\(id.text)  rule \(rule)  \(agent)  stands for \(Format.remaining(expiresAt - now))"
    let effects = steps.enumerated().map { "  \($0 + 1). \($1.words { $0.description.shown })" }
    let later = followUpWords { $0.description.shown }.map { "  \($0)" }
    return [head.shown] + effects + later + ["  because \(reason)".shown, "  sha256 \(digest)".shown]
  }
}
