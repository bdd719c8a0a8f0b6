import Glibc

/// Threads that run what is given to them in the order it came.
///
/// Swift's own pool has one thread a core. A test that waits for a server holds one of those and leaves the core idle,
/// so such tests run here.
final class ThreadPool: TaskExecutor, @unchecked Sendable {
  // All that changes is read and written while `lock` is held.
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let hasWork = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [UnownedJob] = []
  private var next = 0

  /// - Parameter threads: how many jobs run side by side.
  init(threads: Int) {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(hasWork, nil)
    for _ in 0..<threads { start() }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(lock)
    jobs.append(job)
    pthread_mutex_unlock(lock)
    pthread_cond_signal(hasWork)
  }

  private func start() {
    var thread = pthread_t()
    let pool = Unmanaged.passRetained(self).toOpaque()
    let error = pthread_create(
      &thread, nil,
      { pool in
        Unmanaged<ThreadPool>.fromOpaque(pool!).takeUnretainedValue().run()
      }, pool)
    precondition(error == 0, "no thread for tests: \(String(cString: strerror(error)))")
    pthread_detach(thread)
  }

  private func run() -> Never {
    while true { take().runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func take() -> UnownedJob {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while next == jobs.count { pthread_cond_wait(hasWork, lock) }
    defer {
      next += 1
      if next == jobs.count {
        jobs.removeAll(keepingCapacity: true)
        next = 0
      }
    }
    return jobs[next]
  }
}
