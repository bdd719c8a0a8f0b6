import ArgumentParser
import FleetModel
import Redis
import Wire

/// `vigia approve`.
struct ApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Have done what a rule proposes.",
    discussion: "What is approved is printed first; the answer names its digest, so that it holds for nothing else.")

  @OptionGroup var answer: AnswerOptions

  func run() throws { try answer.send(.approve) }
}

/// `vigia reject`.
struct RejectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "reject", abstract: "Decline what a rule proposes.")

  @OptionGroup var answer: AnswerOptions

  func run() throws { try answer.send(.reject) }
}

/// Which proposal, and how the answer is sent.
struct AnswerOptions: ParsableArguments {
  @OptionGroup var redis: RedisOptions
  @Argument(help: ArgumentHelp("The proposal, as vigia proposals names it.", valueName: "id")) var id: String
  @Option(help: "The digest that it had when you read it, or how that begins: another one is not answered.")
  var sha256: String?
  @Option(help: "Why, for the audit.") var reason = ""
  @Option(help: "How long to wait for the outcome.") var wait = TimeSpan.seconds(10)
  @Flag(help: "Print each step as a line of JSON.") var json = false

  func validate() throws {
    if let sha256, sha256.isEmpty { throw ValidationError("--sha256 is empty") }
  }

  /// Reads the proposal, shows it, and answers that very one.
  func send(_ action: Action) throws {
    var sending: CommandSubmission?
    let whole = try redis.wholeInstallation()
    // Its id tells whose it is.
    try RedisQuery.run(whole.part(of: ProposalID(id).agent ?? .none)) { query in
      query.send(Request("HGET", query.keys.proposals, id)) { reply in
        guard let proposal = check(reply, query) else { return query.end() }
        json ? Output.json(ProposalCoding.json(proposal)) : proposal.lines(at: query.now).forEach(Output.line)
        let order = CommandRequest(action, [], ["proposal": id, "sha256": proposal.digest], reason: reason)
        sending = CommandSubmission(
          query.session, whole, order: order, wait: wait, untilObeyed: false, isJSON: json)
        sending?.start()
      }
    }
    withExtendedLifetime(sending) {}
  }

  /// The proposal if it can be answered; else that is said.
  private func check(_ reply: Reply, _ query: RedisQuery) -> Proposal? {
    guard let bytes = reply.bytes else { return refuse("no such proposal", query) }
    let proposal: Proposal
    do throws(ProposalCoding.Fault) {
      proposal = try ProposalCoding.decode(bytes, field: Array(id.utf8))
    } catch {
      return refuse("\(error)", query)
    }
    guard proposal.state == .open else { return refuse("is \(proposal.state.rawValue) already", query) }
    guard proposal.expiresAt > query.now else { return refuse("has expired", query) }
    if let sha256, !proposal.digest.hasPrefix(sha256.lowercased()) {
      return refuse("is another now, with sha256 \(proposal.digest)", query)
    }
    return proposal
  }

  private func refuse(_ why: String, _ query: RedisQuery) -> Proposal? {
    query.complain(id, why)
    return nil
  }
}
