/// What groups of agents can have in common: the text fields of the wire that group agents.
package enum Trait: String, CaseIterable, Sendable {
  case llmModel = "llm_model"
  case version, provider, region
  case promptVersion = "prompt_version"
  case role, tier

  /// Those that can be the cause of trouble on many agents. The earlier one counts where two explain it equally well.
  package static let causes: [Trait] = [.llmModel, .version, .provider, .region]

  /// The field of events that says it.
  var field: EventField {
    switch self {
    case .llmModel: .model
    case .version: .version
    case .provider: .provider
    case .region: .region
    case .promptVersion: .promptVersion
    case .role: .role
    case .tier: .tier
    }
  }

  /// Its place in ``AgentTraits``.
  fileprivate var place: Int {
    switch self {
    case .llmModel: 0
    case .version: 1
    case .provider: 2
    case .region: 3
    case .promptVersion: 4
    case .role: 5
    case .tier: 6
    }
  }
}

/// A trait and its value, such as the model `gpt-4o`.
package struct TraitValue: Hashable, Sendable {
  package var trait: Trait
  /// Not scrubbed.
  package var value: String

  package init(_ trait: Trait, _ value: String) {
    (self.trait, self.value) = (trait, value)
  }

  // Hashes and equality of text go by its bytes, as everywhere with what comes from outside.
  package static func == (left: TraitValue, right: TraitValue) -> Bool {
    left.trait == right.trait && left.value.isExactly(right.value)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(trait)
    hasher.combine(ExactText(value))
  }
}

/// The traits of one agent; empty text for one that nobody has said.
package struct AgentTraits: Sendable {
  private var values = InlineArray<7, String>(repeating: "")

  package init() {}

  package subscript(trait: Trait) -> String {
    get { values[trait.place] }
    set { values[trait.place] = newValue }
  }

  /// The same, with another's where nobody had said one.
  package func filled(by other: AgentTraits) -> AgentTraits {
    var filled = self
    for trait in Trait.allCases where filled[trait].isEmpty { filled[trait] = other[trait] }
    return filled
  }

  /// Those that can be a cause of trouble on many agents.
  package var causes: Set<TraitValue> {
    Set(Trait.causes.compactMap { self[$0].isEmpty ? nil : TraitValue($0, self[$0]) })
  }

  /// How many bytes its words take.
  var textBytes: Int { Trait.allCases.reduce(0) { $0 + self[$1].utf8.count } }
}

/// A trait of an agent that is another one than before.
package struct TraitChange: Equatable, Sendable {
  package var agent: AgentID
  package var trait: Trait
  /// Empty if nobody had said it before.
  package var old: String
  package var new: String
  package var at: Instant
}
