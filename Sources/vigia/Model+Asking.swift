import Console

extension Model {
  /// Whether a question is open that one key, or a code, answers.
  var isAsking: Bool {
    switch prompt {
    case .confirm, .code: true
    case .filter, .arguments, nil: false
    }
  }
}
