import Testing

/// Runs each test of a suite on a pool of threads for tests that wait.
package struct Threaded: SuiteTrait, TestTrait, TestScoping {
  /// Four times as many threads as a small machine has cores: most of such a test's time is waiting.
  private static let pool = ThreadPool(threads: 8)

  package var isRecursive: Bool { true }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(Self.pool) { try await function() }
  }
}

extension Trait where Self == Threaded {
  /// For suites whose tests wait for servers, programs or terminals.
  package static var threaded: Self { Self() }
}
