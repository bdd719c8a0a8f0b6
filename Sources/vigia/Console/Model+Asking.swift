import Console
import FleetModel

extension Model {
  /// What the open question answers; nil if it answers no proposal.
  var askedProposal: ProposalID? { prompt?.draft?.proposal?.id }

  /// Whether a question is open that one key, or a code, answers.
  var isAsking: Bool {
    if asksForTool { return true }
    return switch prompt {
    case .confirm, .code, .quit: true
    case .filter, .arguments, nil: false
    }
  }
}
