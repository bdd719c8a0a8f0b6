import Testing

/// `#expect` takes no call that changes what it is made on.
func expect<Value: Equatable>(_ value: Value, is expected: Value, _ place: SourceLocation = #_sourceLocation) {
  #expect(value == expected, sourceLocation: place)
}
