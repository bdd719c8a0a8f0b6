/// What groups of agents can have in common: the text fields of the wire that name them.
package enum Trait: String, CaseIterable, Sendable {
  case llmModel = "llm_model"
  case version, provider, region
}

/// A trait and its value, such as the model `gpt-4o`.
package struct TraitValue: Hashable, Sendable {
  package var trait: Trait
  package var value: String

  package init(_ trait: Trait, _ value: String) {
    (self.trait, self.value) = (trait, value)
  }
}
