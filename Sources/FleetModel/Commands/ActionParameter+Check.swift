extension ActionParameter {
  /// What is wrong with a text given for this parameter, in words that name it and what is expected; nil if nothing
  /// is.
  package func fault(of text: String) -> String? {
    let expected: String
    switch kind {
    case .duration:
      if TimeSpan(text) != nil { return nil }
      expected = "a number and s, m, h or d, such as 15m"
    case .count:
      if let number = Int(text), number >= 0 { return nil }
      expected = "a whole number from 0"
    case .signedCount:
      if Int(text) != nil { return nil }
      expected = "a whole number such as +1 or -2"
    case .decimal:
      if let number = Double(text), number.isFinite, number >= 0 { return nil }
      expected = "a number from 0"
    case .address:
      if IPAddress(text) != nil { return nil }
      expected = "an IPv4 or IPv6 address"
    case .severity:
      if Severity(word: text) != nil { return nil }
      expected = "low, medium, high or critical"
    case .mode:
      if AutomationMode(word: text) != nil { return nil }
      expected = "on, dry or off"
    case .agent, .text:
      if !text.isEmpty { return nil }
      expected = "some text"
    }
    return "\(name)=\(text) is not \(expected)"
  }
}
