/// What a runtime is to report once it has obeyed. What is nil was not asked for.
package struct RuntimeGoal: Equatable, Sendable {
  package var state: AgentState?
  package var replicas: Int?

  /// - Parameter replicas: how many it was told to have; nil if it was told of none.
  package init(of action: Action, replicas: Int? = nil) {
    switch action.descriptor.goal {
    case .state(let wanted)?: state = wanted
    case .replicas?: self.replicas = replicas
    case nil: break
    }
  }

  package init(state: AgentState?, replicas: Int?) {
    (self.state, self.replicas) = (state, replicas)
  }

  /// Whether a report says that it has come to this.
  package func isReached(by state: AgentState?, replicas: Int?) -> Bool {
    (self.state == nil || self.state == state) && (self.replicas == nil || self.replicas == replicas)
  }
}
