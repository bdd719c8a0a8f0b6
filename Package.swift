// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  // Release builds see across modules, so that generics of one are specialised in another, and leave out the run-time
  // checks of exclusive access, which debug builds and so all tests make: together they take half of ingest's time.
  .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// What the programs are made of is optimized in debug builds too: tests feed it millions of events, and would wait for
/// it most of their time. Of what was optimized a debugger knows lines, and of values little: those are not written down.
let optimized =
  strict + [SwiftSetting.unsafeFlags(["-O", "-gline-tables-only"], .when(configuration: .debug))]

/// Modules that see no clock, file, socket or C: a test of one needs neither terminal nor Redis.
let pure: [Target] = [
  .target(name: "FleetModel", swiftSettings: optimized),
  .target(name: "Screen", swiftSettings: optimized),
  .target(name: "Wire", dependencies: ["FleetModel"], exclude: ["WIRE.md"], swiftSettings: optimized),
  .target(name: "Insight", dependencies: ["FleetModel"], swiftSettings: optimized),
  .target(name: "Automation", dependencies: ["FleetModel"], swiftSettings: optimized),
  .target(name: "Exposition", swiftSettings: optimized),
  .target(name: "OpenTelemetry", dependencies: ["FleetModel", "Wire"], swiftSettings: optimized),
  .target(name: "Grafana", dependencies: ["FleetModel", "Wire", "Exposition"], swiftSettings: optimized),
  .target(name: "Execution", dependencies: ["FleetModel", "Wire", "Automation"], swiftSettings: optimized),
  .target(name: "Console", dependencies: ["FleetModel", "Insight", "Screen"], swiftSettings: optimized),
]

/// C libraries, each behind a shim header.
let libraries: [Target] = [
  .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
  .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
  .systemLibrary(name: "CMicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
  .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
  .systemLibrary(name: "CLinux"),
  .systemLibrary(name: "CTOMLPlusPlus", providers: [.apt(["libtomlplusplus-dev"])]),
  .target(
    name: "CTOML", dependencies: ["CTOMLPlusPlus"],
    cxxSettings: [.define("NDEBUG"), .unsafeFlags(["-O2", "-fno-exceptions"])]),
]

/// Modules that touch the outside.
let edges: [Target] = [
  .target(
    name: "Configuration",
    dependencies: ["FleetModel", "Screen", "Automation", "CTOML"],
    resources: [
      .embedInCode("../../Themes/dark.toml"), .embedInCode("../../Themes/light.toml"), .embedInCode("runbook.toml"),
    ],
    swiftSettings: optimized),
  .target(name: "Loop", dependencies: ["CLinux"], swiftSettings: optimized),
  .target(
    name: "Redis", dependencies: ["FleetModel", "Wire", "Loop", "CHiredis", "COpenSSL", "CLinux"],
    swiftSettings: optimized),
  .target(
    name: "RedisArguments",
    dependencies: ["Redis", "Screen", "Wire", .product(name: "ArgumentParser", package: "swift-argument-parser")],
    swiftSettings: optimized),
  .target(name: "Terminal", dependencies: ["Screen", "Loop", "CNcurses", "CLinux"], swiftSettings: optimized),
  .target(name: "HTTP", dependencies: ["FleetModel", "Wire", "Loop", "CCurl"], swiftSettings: optimized),
  .target(name: "HTTPServer", dependencies: ["Exposition", "Loop", "CMicrohttpd"], swiftSettings: optimized),
  .target(name: "Logging", dependencies: ["FleetModel", "Wire", "Loop"], swiftSettings: optimized),
  .target(
    name: "Handler",
    dependencies: [
      "FleetModel", "Insight", "Automation", "Exposition", "Grafana", "OpenTelemetry", "Execution", "Wire", "Redis",
      "HTTP", "Logging", "Loop",
    ],
    swiftSettings: optimized),
  .target(name: "Simulation", dependencies: ["FleetModel", "Wire", "Redis", "Loop"], swiftSettings: optimized),
]

/// Addresses that are put in at the start take an eighth of the room: a program holds a megabyte less. Names that nobody
/// looks up take another, with what only they would keep.
let packed: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--no-export-dynamic",
    ], .when(configuration: .release))
]

/// The manual's chapters, which `vigia manual` prints: one rule a file.
let manual: [Resource] = [
  "start", "console", "tools", "commands", "alerts", "runbook", "automation", "waiting", "handoff", "maintenance",
  "load", "tuning", "notices",
  "settings", "actuators", "around", "deployments", "wire", "rights", "terminals", "building", "troubleshooting",
].map { .embedInCode("Manual/\($0).md") }

let programs: [Target] = [
  .executableTarget(
    name: "vigia",
    dependencies: [
      "FleetModel", "Screen", "Wire", "Console", "Configuration", "Automation", "Insight", "Grafana", "Loop", "Redis",
      "RedisArguments", "Terminal", "Simulation",
      "CLinux",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    resources: manual + [.embedInCode("Around/rules.yml")],
    swiftSettings: optimized, linkerSettings: packed),
  .executableTarget(
    name: "vigia-handler",
    dependencies: [
      "Handler", "Automation", "FleetModel", "Screen", "Redis", "RedisArguments", "Wire", "HTTPServer", "Logging",
      "Loop",
      "Configuration",
      "CLinux",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: optimized, linkerSettings: packed),
]

/// Measures the programs' own code beside plain C, and beside simdjson, which the programs themselves do without.
let benchmarks: [Target] = [
  .target(name: "CBaseline", cSettings: [.unsafeFlags(["-O2"])], linkerSettings: [.linkedLibrary(":libhiredis.a")]),
  .target(
    name: "CSimdjsonBaseline", cxxSettings: [.unsafeFlags(["-O2"])], linkerSettings: [.linkedLibrary("simdjson")]),
  .executableTarget(
    name: "vigia-bench",
    dependencies: [
      "CBaseline", "CSimdjsonBaseline", "CLinux", "FleetModel", "Screen", "Wire", "Console", "Configuration", "Loop",
      "Redis", "Terminal", "Insight", "Simulation", "TestSupport", "World", "DetectionBenchmark",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: strict),
]

/// What only the tests need: real servers, recorded bytes, and simdjson as the scanner's oracle.
let tests: [Target] = [
  .target(
    name: "CSimdjson", path: "Tests/CSimdjson", cxxSettings: [.unsafeFlags(["-O2"])],
    linkerSettings: [.linkedLibrary("simdjson")]),
  .target(name: "CClockStep", path: "Tests/CClockStep"),
  .target(name: "TestThreads", path: "Tests/TestThreads", swiftSettings: strict),
  .target(
    name: "TestSupport",
    dependencies: ["CLinux", "COpenSSL", "Wire", "FleetModel", "Screen", "Console", "Redis", "Logging", "Loop"],
    path: "Tests/TestSupport", exclude: ["Schemas"],
    // Hundreds of histories are compared there.
    swiftSettings: optimized),
  // A whole installation in memory: hundreds of worlds run there.
  .target(
    name: "World",
    dependencies: [
      "Handler", "HTTP", "Logging", "Automation", "Configuration", "FleetModel", "Insight", "Simulation", "Wire",
      "Redis", "Loop",
    ],
    path: "Tests/World",
    swiftSettings: optimized),
  // Labelled series and the rules by which detectors are judged on them.
  .target(
    name: "DetectionBenchmark", dependencies: ["FleetModel", "Wire"], path: "Tests/DetectionBenchmark",
    swiftSettings: optimized),
  .testTarget(
    name: "InsightTests", dependencies: ["Insight", "DetectionBenchmark", "FleetModel", "TestSupport"],
    swiftSettings: strict),
  .testTarget(
    name: "WorldTests",
    dependencies: ["World", "FleetModel", "Insight", "Redis", "Loop", "TestSupport", "vigia-bench"],
    swiftSettings: strict),
  .testTarget(name: "FleetModelTests", dependencies: ["FleetModel", "TestSupport"], swiftSettings: strict),
  .testTarget(
    name: "WireTests", dependencies: ["Wire", "CSimdjson", "TestSupport"], resources: [.copy("Fixtures")],
    swiftSettings: strict),
  .testTarget(name: "AutomationTests", dependencies: ["Automation", "FleetModel"], swiftSettings: strict),
  .testTarget(name: "ScreenTests", dependencies: ["Screen"], swiftSettings: strict),
  .testTarget(
    name: "ConsoleTests", dependencies: ["Console", "Insight", "Wire", "TestSupport"], exclude: ["Screens"],
    swiftSettings: strict),
  .testTarget(
    name: "ConfigurationTests", dependencies: ["Configuration", "Automation", "FleetModel"], swiftSettings: strict),
  .testTarget(name: "LoopTests", dependencies: ["Loop", "CLinux"], swiftSettings: strict),
  .testTarget(
    name: "ExecutionTests", dependencies: ["Execution", "Automation", "FleetModel", "Wire"], swiftSettings: strict),
  .testTarget(name: "ExpositionTests", dependencies: ["Exposition"], swiftSettings: strict),
  .testTarget(
    name: "HTTPServerTests", dependencies: ["HTTPServer", "Exposition", "HTTP", "Loop", "TestSupport", "TestThreads"],
    swiftSettings: strict),
  .testTarget(name: "HTTPTests", dependencies: ["HTTP", "TestSupport"], swiftSettings: strict),
  .testTarget(name: "LoggingTests", dependencies: ["Logging", "HTTP"], swiftSettings: strict),
  .testTarget(name: "RedisTests", dependencies: ["Redis", "TestSupport", "TestThreads"], swiftSettings: strict),
  .testTarget(
    name: "TerminalTests", dependencies: ["Terminal", "Screen", "CLinux", "Loop", "TestSupport"],
    swiftSettings: strict),
  .testTarget(
    name: "HandlerTests",
    dependencies: [
      "Handler", "Insight", "Exposition", "Execution", "Grafana", "OpenTelemetry", "HTTP", "Logging", "Automation",
      "Configuration", "Simulation",
      "TestSupport", "TestThreads",
    ],
    swiftSettings: strict
  ),
  .testTarget(
    name: "SimulationTests", dependencies: ["Simulation", "Insight", "TestSupport"], swiftSettings: strict),
  .testTarget(
    name: "ProgramTests",
    dependencies: [
      "vigia", "vigia-handler", "vigia-bench", "RedisArguments", "Simulation", "Handler", "Automation", "Configuration",
      "Insight",
      "TestSupport", "TestThreads",
    ],
    swiftSettings: strict),
]

let package = Package(
  name: "vigia",
  products: [
    .executable(name: "vigia", targets: ["vigia"]),
    .executable(name: "vigia-handler", targets: ["vigia-handler"]),
    // Preloaded into a test's server, steps its clock.
    .library(name: "ClockStep", type: .dynamic, targets: ["CClockStep"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: pure + libraries + edges + programs + benchmarks + tests,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
