import FleetModel
import TestSupport
import Wire

@testable import Handler

/// A workspace of Slack with one channel: it holds its messages, and refuses what the documentation of
/// `chat.postMessage` and `chat.update` refuses.
final class SlackWorkspace {
  struct Message: Equatable {
    /// What notifications show, of each state of the message.
    var texts: [String]
    /// The texts of its blocks, as it is now.
    var words: String
    var replies: [Reply] = []
    var isDeleted = false

    var text: String { texts.last ?? "" }
  }

  struct Reply: Equatable {
    var text: String
    var isBroadcast: Bool
  }

  static let token = "xoxb-1234-s3cret"
  static let channel = "C0123456789"
  private static let name = "#ops"

  private(set) var messages: [(ts: String, message: Message)] = []
  /// Methods in the order in which they were called, with how each ended.
  private(set) var calls: [String] = []
  /// Errors that the next calls of a method end with, in place of an answer.
  var errors: [String] = []
  /// What is done in place of an answer to a call, by its number from 1.
  var onCall: [Int: () -> MockService.Answer?] = [:]
  private var lastNumber = 0

  func service(on server: TestServer) throws -> MockService {
    try MockService(loop: server.loop) { [self] request in
      let json = (try? JSONValue.parse(request.body)) ?? nil
      let number = calls.count + 1
      if let error = errors.first {
        errors.removeFirst()
        calls.append("\(request.path) \(error)")
        return answer(error)
      }
      let result = obey(request, json)
      calls.append("\(request.path) \(result.error ?? "ok")")
      let usual = result.error.map { answer($0) } ?? answer(ts: result.ts, json)
      return onCall[number].map { $0() ?? usual } ?? usual
    }
  }

  func delete(_ place: Int) { messages[place].message.isDeleted = true }

  private func answer(_ error: String) -> MockService.Answer {
    // Slack says the first with a status of its own.
    if error == "429" { return .status(429, headers: [("Retry-After", "1")], #"{"ok":false,"error":"ratelimited"}"#) }
    if error == "503" { return .status(503, "upstream") }
    if error == "page" { return .status(200, "<html>welcome to the guest network</html>") }
    return .status(200, #"{"ok":false,"error":"\#(error)"}"#)
  }

  /// It repeats all of a message, with letters beyond ASCII as escapes.
  private func answer(ts: String, _ json: JSONValue?) -> MockService.Answer {
    let echo = String(decoding: (json ?? nil)?.encoded ?? [], as: UTF8.self)
    return .status(200, #"{"ok":true,"channel":"\#(Self.channel)","ts":"\#(ts)","message":\#(echo)}"#)
  }

  private static let arguments: [String: Set<String>] = [
    "/chat.postMessage": [
      "channel", "text", "blocks", "mrkdwn", "parse", "thread_ts", "reply_broadcast", "unfurl_links", "unfurl_media",
    ],
    "/chat.update": ["channel", "ts", "text", "blocks", "parse", "link_names"],
  ]

  private func obey(_ request: MockService.Request, _ json: JSONValue?) -> (ts: String, error: String?) {
    guard let known = Self.arguments[request.path], request.method == "POST" else { return ("", "unknown_method") }
    guard let credentials = request.headers["authorization"]?.first else { return ("", "not_authed") }
    guard credentials == "Bearer \(Self.token)" else { return ("", "invalid_auth") }
    guard request.headers["content-type"] == ["application/json; charset=utf-8"] else {
      return ("", "invalid_post_type")
    }
    guard let json, let names = json.object?.members.map({ String(decoding: $0.key, as: UTF8.self) }) else {
      return ("", "invalid_arguments")
    }
    guard Set(names).isSubset(of: known) else { return ("", "invalid_arg_name") }
    guard let text = json["text"]?.text, !text.isEmpty else { return ("", "no_text") }
    guard text.unicodeScalars.count <= 40_000 else { return ("", "msg_too_long") }
    guard Self.areWell(json["blocks"]?.list ?? []) else { return ("", "invalid_blocks") }
    return request.path == "/chat.update" ? update(json, text) : post(json, text)
  }

  private func post(_ json: JSONValue, _ text: String) -> (ts: String, error: String?) {
    guard [Self.name, Self.channel].contains(json["channel"]?.text) else { return ("", "channel_not_found") }
    lastNumber += 1
    let ts = "1795334400.\(100_000 + lastNumber)"
    guard let thread = json["thread_ts"]?.text else {
      messages.append((ts, Message(texts: [text], words: Self.words(json))))
      return (ts, nil)
    }
    guard let place = messages.firstIndex(where: { $0.ts == thread && !$0.message.isDeleted }) else {
      // What answers to a message that is gone stands in the channel by itself.
      messages.append((ts, Message(texts: ["an orphan: \(text)"], words: "")))
      return (ts, nil)
    }
    messages[place].message.replies.append(Reply(text: text, isBroadcast: json["reply_broadcast"]?.bool ?? false))
    return (ts, nil)
  }

  private func update(_ json: JSONValue, _ text: String) -> (ts: String, error: String?) {
    guard json["channel"]?.text == Self.channel else { return ("", "channel_not_found") }
    let ts = json["ts"]?.text ?? ""
    guard let place = messages.firstIndex(where: { $0.ts == ts && !$0.message.isDeleted }) else {
      return ("", "message_not_found")
    }
    messages[place].message.texts.append(text)
    messages[place].message.words = Self.words(json)
    return (ts, nil)
  }

  private static func areWell(_ blocks: [JSONValue]) -> Bool {
    func isText(_ text: JSONValue?, _ most: Int) -> Bool {
      guard let words = text?["text"]?.text else { return false }
      return text?["type"] == "plain_text" && (1...most).contains(words.utf16.count)
    }
    return blocks.count <= 50
      && blocks.allSatisfy { block in
        switch block["type"]?.text {
        case "header": isText(block["text"], 150)
        case "section":
          (block["text"].map { isText($0, 3000) } ?? (block["fields"] != nil))
            && (block["fields"]?.list ?? []).count <= 10
            && (block["fields"]?.list ?? []).allSatisfy { isText($0, 2000) }
        default: false
        }
      }
  }

  private static func words(_ json: JSONValue) -> String {
    (json["blocks"]?.list ?? []).flatMap { block in
      [block["text"]?["text"]?.text].compactMap(\.self) + (block["fields"]?.list ?? []).compactMap { $0["text"]?.text }
    }.joined(separator: "\n")
  }
}
