import Wire

/// Asks a server which rights of a table the connection's own user lacks, by a script: for users that may run scripts.
package final class AccessCheck {
  private let rows: [AccessTable.Row]
  /// Where older servers, which cannot be asked, let the commands be tried.
  private let scratch: [UInt8]
  private let script = Script(AccessCheck.script)

  package init(_ table: AccessTable) {
    rows = table.rows
    scratch = table.keys.mark("rules/rights")
  }

  /// What is missing: each row with those of its commands that are denied.
  ///
  /// - Parameter completion: an error if not even that can be asked; not called if the connection ends.
  package func run(
    on connection: Connection, _ completion: @escaping (Result<[AccessTable.Row], ServerError>) -> Void
  ) {
    // Not among the keys: then the server would refuse the script as a whole, and name no key.
    var arguments = EncodedArguments(scratch)
    for row in rows {
      for command in row.commands {
        row.key.append(to: &arguments)
        command.append(to: &arguments)
      }
    }
    script.run(on: connection, keys: [], arguments: arguments) { [rows] result in
      // What ends with its connection is asked again on the next.
      guard case .success(let reply) = result else { return }
      if let error = reply.error { return completion(.failure(error)) }
      let places = Set(reply.elements?.compactMap(\.integer) ?? [])
      completion(.success(Self.rows(at: places, of: rows)))
    }
  }

  /// The rows with the commands at these places, which count from 1.
  private static func rows(at places: Set<Int64>, of rows: [AccessTable.Row]) -> [AccessTable.Row] {
    var place: Int64 = 0
    return rows.compactMap { row in
      let missing = row.commands.filter { _ in
        place += 1
        return places.contains(place)
      }
      return missing.isEmpty ? nil : AccessTable.Row(row.key, missing, isOptional: row.isOptional)
    }
  }

  /// ARGV: the scratch mark; key and command of each right. Answers the places of those that are missing, from 1.
  ///
  /// From 7.0 on the server says of each command and key whether it is allowed. Before, each command is tried on the
  /// scratch mark, which is text that none but text commands change, and each key is asked for its type.
  private static let script = """
    local function words(command, key)
      local list = {}
      for word in command:gmatch('%S+') do list[#list + 1] = word == '@' and key or word end
      return list
    end
    local function denied(list)
      local reply = redis.pcall(unpack(list))
      if type(reply) ~= 'table' or not reply.err then return false end
      return reply.err:find('permission') ~= nil or reply.err:find('The user executing') ~= nil
    end
    local missing, commands, touched = {}, {}, {}
    if not redis.acl_check_cmd then redis.pcall('SET', ARGV[1], '', 'PX', '1000') end
    for at = 2, #ARGV, 2 do
      local key, command = ARGV[at], ARGV[at + 1]
      local isMissing
      if redis.acl_check_cmd then
        -- A command that was renamed away raises an error.
        local isKnown, isAllowed = pcall(redis.acl_check_cmd, unpack(words(command, key)))
        isMissing = not (isKnown and isAllowed)
      else
        if commands[command] == nil then commands[command] = denied(words(command, ARGV[1])) end
        if touched[key] == nil then touched[key] = key ~= '' and denied({'TYPE', key}) end
        isMissing = commands[command] or touched[key]
      end
      if isMissing then missing[#missing + 1] = at / 2 end
    end
    if not redis.acl_check_cmd then redis.pcall('DEL', ARGV[1]) end
    return missing
    """
}
