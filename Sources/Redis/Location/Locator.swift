/// Finds the server behind an endpoint that stands for several: the primary of a replicated group, the owner of a slot.
///
/// One serves all links of a process that go to the same endpoint. A class, because it keeps connections of its own. All
/// of it happens on the loop; `Whereabouts` is its only caller.
package protocol Locator: AnyObject {
  /// What is looked for, as it stands in words for people: "mymaster".
  var subject: String { get }

  /// What it does while it looks, for people who wait: "asking 3 sentinels where mymaster is".
  var activity: String { get }

  /// Begins to look for the server that serves at present.
  ///
  /// - Parameter completion: called once, after this has returned and within a limit of the locator's own (shorter than
  ///   the 5 s that a link waits): with an endpoint that names a server, or why none is found.
  func find(_ completion: @escaping (Result<Endpoint, ConnectionFailure>) -> Void)

  /// Judges the server at the other end of a connection that has just logged in.
  ///
  /// - Parameter completion: gets nil if the server is the right one; it need not be called if the connection ends first.
  func examine(_ connection: Connection, _ completion: @escaping (ConnectionFailure?) -> Void)

  /// Those who make a replica the primary if this one cannot be reached, in words: "sentinels". Nil if nobody does so by
  /// itself, or nobody who does is known.
  var judges: String? { get }

  /// Whether the server is known to have had a replica: without one the ``judges`` can put nobody in its place.
  var hasReplicas: Bool { get }

  /// Asks the ``judges`` whether a server still is the primary.
  ///
  /// - Parameter completion: called once, after this has returned, within a second or so: true if most of them say so.
  func confirm(_ server: Endpoint, _ completion: @escaping (Bool) -> Void)

  /// Takes note that a server it found is not, or no longer, the right one, or that it cannot be reached.
  ///
  /// - Parameter hint: where the server itself said to go, `host:port` as in MOVED; nil if it named nobody.
  func doubt(_ server: Endpoint, hint: String?)

  /// Begins to watch for changes, until `rest`.
  ///
  /// - Parameter moved: called for each change, with the new server.
  func follow(_ moved: @escaping (Endpoint) -> Void)

  /// Ends all that it does, a search too, whose completion is then not called: its last link has stopped.
  func rest()
}

extension Locator {
  package var judges: String? { nil }

  /// Where that is not known, it is taken to be so.
  package var hasReplicas: Bool { true }

  /// A locator that knows nobody to ask confirms nothing.
  package func confirm(_ server: Endpoint, _ completion: @escaping (Bool) -> Void) { completion(false) }
}
