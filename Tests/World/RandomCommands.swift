import FleetModel

/// Random commands and fenced transactions on a few keys of each type; now and then on one of another type.
struct RandomCommands {
  private var random: SeededRandom
  private var lastID: UInt64 = 0
  /// The source of the script of transactions.
  private let transaction: Bytes
  private let others: [KnownScript: Bytes]

  init(seed: UInt64, scripts: [KnownScript: Bytes]) {
    random = SeededRandom(seed: seed)
    transaction = scripts[.transaction] ?? []
    others = scripts
  }

  static let fence = "k:fence".bytes

  mutating func next() -> [Bytes] {
    switch number(0...99) {
    case ..<45: return fenced()
    case ..<55: return otherScript()
    default: return chance(60) ? write() : read()
    }
  }

  // MARK: Chance

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }
  private mutating func pick<T>(_ all: [T]) -> T { all[number(0...all.count - 1)] }

  private mutating func key(_ kind: String) -> Bytes {
    let kind = chance(4) ? pick(["s", "h", "e", "z", "x"]) : kind
    return "k:\(kind)\(number(1...3))".bytes
  }

  private mutating func word() -> Bytes { pick(["a", "b", "c", "d", "", "7", "-3", "x y"]).bytes }

  private mutating func score() -> Bytes { pick(["1", "2", "2.5", "-1", "1795334137000", "inf", "nan", "x"]).bytes }

  private mutating func bound() -> Bytes { pick(["-inf", "+inf", "1", "(1", "2.5", "(2", "1795334137000"]).bytes }

  private mutating func freshID() -> Bytes {
    lastID += UInt64(number(0...2))
    return chance(50) ? "\(lastID + 1)-\(number(0...3))".bytes : "\(lastID + 1)".bytes
  }

  private mutating func oldID() -> Bytes {
    let base = max(1, Int(lastID) - number(0...6))
    return chance(50) ? "\(base)-\(number(0...3))".bytes : "\(base)".bytes
  }

  // MARK: Commands

  private mutating func write() -> [Bytes] {
    let words = change()
    return [words.name.bytes, words.key] + words.arguments
  }

  /// A change, as it stands in a transaction and as a command of its own.
  private mutating func change() -> (name: String, key: Bytes, arguments: [Bytes]) {
    switch number(0...15) {
    case 0: ("SET", key("s"), [word()] + pick([[], ["PX", "100000"], ["KEEPTTL"], ["PX", "0"]]).map(\.bytes))
    case 1: ("DEL", key(pick(["s", "h", "e", "z"])), [])
    case 2: ("PEXPIRE", key(pick(["s", "h", "z", "x"])), [pick(["100000", "0", "-5", "x"]).bytes])
    case 3, 4: ("HSET", key("h"), [word(), word()] + (chance(30) ? [word(), word()] : []))
    case 5: ("HDEL", key("h"), [word()])
    case 6: ("HINCRBY", key("h"), [word(), pick(["1", "-2", "x"]).bytes])
    case 7: ("SADD", key("e"), [word(), word()])
    case 8: ("SREM", key("e"), [word()])
    case 9: ("ZADD", key("z"), (chance(30) ? ["GT".bytes] : []) + [score(), word()])
    case 10: ("ZREM", key("z"), [word()])
    case 11: ("ZREMRANGEBYSCORE", key("z"), [bound(), bound()])
    case 12: ("ZREMRANGEBYRANK", key("z"), [pick(["0", "-2", "1"]).bytes, pick(["0", "-1", "-3", "1"]).bytes])
    case 13, 14: ("XADD", key("x"), [chance(85) ? freshID() : oldID(), word(), word()])
    default: ("XACK", key("x"), [pick(["g", "none"]).bytes, oldID()])
    }
  }

  private mutating func read() -> [Bytes] {
    switch number(0...19) {
    case 0: ["GET".bytes, key("s")]
    case 1: ["MGET".bytes, key("s"), key("h")]
    case 2: ["PTTL".bytes, key("s")]
    case 3: ["TYPE".bytes, key("x")]
    case 4: ["HGET".bytes, key("h"), word()]
    case 5: ["HMGET".bytes, key("h"), word(), word()]
    case 6: [pick(["HGETALL", "HKEYS", "HLEN"]).bytes, key("h")]
    case 7: [pick(["SCARD", "SMEMBERS"]).bytes, key("e")]
    case 8: ["SISMEMBER".bytes, key("e"), word()]
    case 9: ["ZSCORE".bytes, key("z"), word()]
    case 10: [pick(["ZCOUNT", "ZRANGEBYSCORE"]).bytes, key("z"), bound(), bound()]
    case 11:
      [
        "ZRANGEBYSCORE".bytes, key("z"), bound(), bound(), "WITHSCORES".bytes, "LIMIT".bytes, "0".bytes,
        pick(["1", "2", "-1"]).bytes,
      ]
    case 12: ["XLEN".bytes, key("x")]
    case 13: ["XRANGE".bytes, key("x"), pick(["-".bytes, oldID(), "(".bytes + oldID()]), pick(["+".bytes, oldID()])]
    case 14: ["XREVRANGE".bytes, key("x"), "+".bytes, oldID(), "COUNT".bytes, pick(["1", "2"]).bytes]
    case 15: ["XREAD".bytes, "COUNT".bytes, "2".bytes, "STREAMS".bytes, key("x"), oldID()]
    case 16: ["XGROUP", "CREATE"].map(\.bytes) + [key("x"), "g".bytes, "0".bytes, "MKSTREAM".bytes]
    case 17:
      ["XREADGROUP", "GROUP", "g", pick(["one", "two"]), "COUNT", "2", "STREAMS"].map(\.bytes) + [key("x"), ">".bytes]
    case 18: ["XPENDING".bytes, key("x"), "g".bytes] + (chance(50) ? ["-", "+", "10"].map(\.bytes) : [])
    default:
      ["XCLAIM".bytes, key("x"), "g".bytes, "two".bytes, "0".bytes, oldID()]
        + (chance(30) ? ["RETRYCOUNT", "4"].map(\.bytes) : [])
    }
  }

  // MARK: Scripts

  private mutating func fenced() -> [Bytes] {
    var keys: [Bytes] = [Self.fence]
    func place(_ key: Bytes) -> Bytes {
      if !keys.contains(key) { keys.append(key) }
      return "\(keys.firstIndex(of: key)! + 1)".bytes
    }
    func append(_ call: (name: String, key: Bytes, arguments: [Bytes]), to words: inout [Bytes]) {
      words += [call.name.bytes, place(call.key), "\(call.arguments.count)".bytes] + call.arguments
    }
    var checks: [Bytes] = []
    let checkCount = number(0...2)
    for _ in 0..<checkCount {
      append(check(), to: &checks)
      checks.append(chance(70) ? [] : word())
    }
    let changes = (0..<number(0...4)).map { _ in change() }
    var words: [Bytes] = []
    // Entries of streams come first, as the handler orders them.
    for change in changes.filter({ $0.name == "XADD" }) + changes.filter({ $0.name != "XADD" }) {
      append(change, to: &words)
    }
    for _ in 0..<number(0...1) { append(change(), to: &words) }
    let fence = (chance(90) ? "7" : "6").bytes
    return ["EVAL".bytes, transaction, "\(keys.count)".bytes] + keys
      + [fence, "\(checkCount)".bytes, "\(changes.count)".bytes] + checks + words
  }

  private mutating func check() -> (name: String, key: Bytes, arguments: [Bytes]) {
    switch number(0...5) {
    case 0, 1: ("GET", key("s"), [])
    case 2: ("HGET", key("h"), [word()])
    case 3: ("ZSCORE", key("z"), [word()])
    case 4: ("SCARD", key("e"), [])
    default: ("ZCOUNT", key("z"), [bound(), bound()])
    }
  }

  private mutating func otherScript() -> [Bytes] {
    let (lease, fence) = ("k:lease".bytes, chance(50) ? "7" : "8")
    let script = pick([KnownScript.take, .release, .record, .trimStream, .removeKeys])
    guard let source = others[script] else { return fenced() }
    func eval(_ keys: [Bytes], _ arguments: [Bytes]) -> [Bytes] {
      ["EVAL".bytes, source, "\(keys.count)".bytes] + keys + arguments
    }
    switch script {
    case .take:
      let stored = pick(["k:f1", "k:f2", "k:s1"]).bytes
      return eval(
        [lease, stored], ["\(number(1...9))", pick(["l1", "l2"]), "100000", pick(["l1", ""]), "bad"].map(\.bytes))
    case .release: return eval([lease, Self.fence], [fence, "c", "m"].map(\.bytes))
    case .trimStream:
      return eval([Self.fence, key("x")], [fence, pick(["MINID", "MAXLEN"]), "=", "\(number(0...40))"].map(\.bytes))
    case .removeKeys: return eval([Self.fence, key("s"), key("h")], [fence.bytes])
    case .transaction, .renew, .record, .rights:
      // An entry whose id the server makes is told by its clock: only what is refused can be compared.
      return eval([Self.fence, "k:none".bytes], ["6", "c", "m"].map(\.bytes))
    }
  }
}
