extension CommandLog.Entry.Progress {
  /// Whether nothing more is to come but a runtime's confirmation.
  package var isFinished: Bool {
    switch self {
    case .sent: false
    case .phase(let phase):
      switch phase {
      case .received, .proposed, .started: false
      case .rejected, .succeeded, .obeyed, .failed, .skipped, .unknown, .expired, .undone: true
      }
    }
  }
}
