import FleetModel
import Wire

/// What Redis denies a handler, such as `HSET agentos:alerts`.
package struct MissingRights: Equatable, Sendable {
  /// Without these it takes no lease.
  package var needed: [String]
  /// What the handler acts without.
  package var optional: [String]

  package init(needed: [String] = [], optional: [String] = []) {
    self.needed = needed
    self.optional = optional
  }
}

/// What an election takes and answers with.
extension LeaderElection {
  /// What the clocks say.
  package struct Moment: Sendable {
    /// Milliseconds on the machine's clock, time suspended included: what a lease is measured by.
    package var boot: Int64
    /// Milliseconds on the machine's clock, time suspended not included.
    package var running: Int64
    /// The server's time.
    package var server: Instant
    /// The least fence to take, by the server's time where a promoted replica may lack the last one; 0 elsewhere.
    package var leastFence: Int

    package init(boot: Int64, running: Int64, server: Instant, leastFence: Int = 0) {
      self.boot = boot
      self.running = running
      self.server = server
      self.leastFence = leastFence
    }
  }

  /// Its spans, in milliseconds.
  package struct Spans: Sendable {
    /// How long a lease lasts, and how much earlier its holder ends.
    package var lease: Int64
    package var margin: Int64
    /// How often it is renewed, and how often it is asked for.
    package var renewal: Int64
    package var attempt: Int64
    /// Who has heard the channels for so long can bridge what a dead recorder missed.
    package var listening: Int64

    package init(lease: Int64, margin: Int64, renewal: Int64, attempt: Int64, listening: Int64) {
      self.lease = lease
      self.margin = margin
      self.renewal = renewal
      self.attempt = attempt
      self.listening = listening
    }
  }

  package enum Input: Equatable, Sendable {
    case connected, disconnected
    /// It may ask for the lease.
    ///
    /// - Parameter listens: whether it hears the channels from here on.
    case candidacy(listens: Bool)
    /// It asks no more; a lease that it holds stays.
    case withdrawn
    /// Whether the lease falls to it; one that it holds stays. Until it is told it does.
    case admission(Bool)
    /// It hears the channels no longer: if it has to ask for the lease anew, those who do go first.
    case hearsNothing
    /// What the lease says: that events are recorded, what is wrong with the settings or with the server's memory, and
    /// why rules are held back.
    case recording(Bool)
    case fault(String?)
    case warning(String?)
    case held(String?)
    /// Names the metrics and levels that it has told consoles.
    case levels(String?)
    /// Gives the lease back.
    ///
    /// - Parameter isComplete: whether all that it heard is written: then whoever is first may go on.
    case release(isComplete: Bool)
    case otherReleased(isComplete: Bool)
    /// The server or somebody else has ended the lease.
    case lost(String)
    /// Redis has refused something for want of a permission.
    case rightsDoubted
    case woken
    case answered(Answer)
    case rightsFound(MissingRights)
    /// For how long the lease is held yet, by whomever; not positive if nobody holds it.
    case holderFound(millisecondsLeft: Int64)
    /// Redis answered a question with an error.
    case refused(String, isDenied: Bool)
    /// - Parameter asked: when, by ``Moment/boot``.
    case renewed(fence: Int, asked: Int64)
    case renewalRefused(fence: Int, String, Refusal)
  }

  /// What Redis answers to whoever asks for the lease.
  package enum Answer: Equatable, Sendable {
    /// - Parameter isNewCount: whether the stored fence was no number.
    case taken(isNewCount: Bool)
    /// - Parameter fence: the stored one; 0 if it is not known.
    case held(millisecondsLeft: Int64, fence: Int = 0)
    /// The stored fence is not below the one that was asked for.
    case outrun(stored: Int)
    case unusableFence
    /// It was taken, but no replica confirms that: it must not act by it.
    case unconfirmed(String)
    /// Nobody can tell what it means.
    case unclear
  }

  package enum Refusal: Equatable, Sendable { case fenced, denied, other }

  package enum Effect: Equatable, Sendable {
    /// Asks for the lease.
    ///
    /// - Parameter former: the lease as this handler wrote it last: if it still stands so it may be taken over at once.
    case ask(Lease, former: Lease?)
    case lookAtRights
    /// Asks how long the lease is held yet.
    case lookForHolder
    case renew(Lease)
    case release(fence: Int, isComplete: Bool)
    /// Wakes it after so long, and not when it was to be woken before.
    case wake(afterMilliseconds: Int64)
    /// It holds the lease, and may act until the moment given, by ``Moment/boot``, unless told of a later one.
    case taken(fence: Int, mayActUntil: Int64)
    case prolonged(mayActUntil: Int64)
    /// It must not act any more.
    case lost(String)
    case say(Words)
  }

  /// What it says in the log.
  package enum Words: Equatable, Sendable {
    case newCount(fence: Int)
    case unusableFence
    case unconfirmed(String)
    case cannotTake(String)
    case cannotRenew(String)
    case rightsMissing([String])
    case rightsAllowedAgain
    case actsWithout([String])
  }
}
