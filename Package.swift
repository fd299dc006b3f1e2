// swift-tools-version: 6.2

import PackageDescription

/// What every target of ours is compiled with.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

/// The edge's request path runs on one loop each and shares nothing: what the run-time check of exclusive access would
/// find cannot happen there, and debug builds, which all tests run on, still look for it.
let unchecked: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// The release binary carries the Swift runtime and Foundation: it runs where no Swift is installed, and calls into them
/// cost about 5 % less CPU per answer. The libraries are those that Foundation needs and does not name to the linker.
let selfContained: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-lCoreFoundation", "-l_CFXMLInterface", "-l_CFURLSessionInterface", "-l_FoundationICU",
            "-l_FoundationCShims", "-l_FoundationCollections",
        ],
        .when(configuration: .release)
    )
]

/// Files below a target's `Resources` folder are embedded in the binary; see `Sources/EmbedPlugin`.
let embedding: [Target.PluginUsage] = [.plugin(name: "EmbedPlugin")]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")

let package = Package(
    name: "waymark",
    products: [.executable(name: "waymark", targets: ["waymark"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            exact: "1.4.0",
            traits: [.defaults, "CommandLineArguments", "YAML", "Reloading"]
        ),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .executableTarget(name: "EmbedFiles", swiftSettings: strict),
        .plugin(
            name: "EmbedPlugin",
            capability: .buildTool(),
            dependencies: ["EmbedFiles"],
            path: "Sources/EmbedPlugin"
        ),

        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),

        .target(
            name: "Domain",
            dependencies: ["CXXHash", crypto],
            exclude: ["Resources"],
            swiftSettings: strict,
            plugins: embedding
        ),
        .target(name: "Store", dependencies: ["Domain"], swiftSettings: strict),
        .target(
            name: "SQLiteEngine",
            dependencies: ["Store", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict
        ),
        .target(name: "PostgresEngine", dependencies: ["Store"], swiftSettings: strict),
        .target(name: "Authorization", dependencies: ["Domain", "Store"], swiftSettings: strict),
        .target(
            name: "Accounts",
            dependencies: [
                "Domain", "Store", "Authorization", crypto, .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Gallery",
            dependencies: ["Domain", "Store", "Authorization", "CZlib"],
            swiftSettings: strict,
            plugins: embedding
        ),
        .target(
            name: "Publishing",
            dependencies: ["Domain", "Store", "Authorization", "Player", "CBrotli", "CZlib", crypto],
            swiftSettings: strict
        ),
        .target(
            name: "Player",
            dependencies: ["Domain"],
            exclude: ["Resources"],
            swiftSettings: strict,
            plugins: embedding
        ),
        .target(
            name: "Mail",
            dependencies: ["Domain", "Store", "CCurl", .product(name: "Mustache", package: "swift-mustache")],
            exclude: ["Resources"],
            swiftSettings: strict,
            plugins: embedding
        ),
        .target(
            name: "Edge",
            dependencies: [
                "Domain", nioCore, nioPosix, logging, lifecycle,
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict + unchecked
        ),
        .target(
            name: "Web",
            dependencies: [
                "Domain", "Store", "Authorization", "Accounts", "Gallery", "Publishing", hummingbird, logging,
                lifecycle, nioCore,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            exclude: ["Resources"],
            swiftSettings: strict,
            plugins: embedding
        ),
        .executableTarget(
            name: "waymark",
            dependencies: [
                "Domain", "Store", "SQLiteEngine", "Authorization", "Accounts", "Gallery", "Publishing", "Player",
                "Mail", "Edge", "Web",
                "CCurl", crypto, nioCore, nioPosix, logging, lifecycle,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            exclude: ["Resources"],
            swiftSettings: strict,
            linkerSettings: selfContained,
            plugins: embedding
        ),

        .target(
            name: "TestSupport",
            dependencies: ["Domain", "Store", "SQLiteEngine", "Accounts", "Publishing", "Player", nioCore],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .target(
            name: "EdgeProperties",
            dependencies: ["Domain", "Edge", "TestSupport", nioCore],
            path: "Tests/EdgeProperties",
            swiftSettings: strict
        ),
        .target(
            name: "ContentProperties",
            dependencies: ["Domain", "Gallery"],
            path: "Tests/ContentProperties",
            swiftSettings: strict
        ),
        .testTarget(name: "DomainTests", dependencies: ["Domain", "Gallery", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: ["Domain", "Store", "SQLiteEngine", "PostgresEngine", "CLibPQ", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PublishingTests",
            dependencies: ["Domain", "Store", "Player", "Publishing", "CBrotli", "CZlib", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "GalleryTests",
            dependencies: ["Domain", "Store", "Gallery", "Publishing", "ContentProperties", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AccountsTests",
            dependencies: ["Domain", "Store", "Authorization", "Accounts", "TestSupport"],
            exclude: ["matrix.txt"],
            swiftSettings: strict
        ),
        .testTarget(name: "WebTests", dependencies: ["Web"], swiftSettings: strict),
        .testTarget(
            name: "MailTests",
            dependencies: ["Domain", "Store", "Mail", "TestSupport"],
            exclude: ["parse_mail.py", "smtp_server.py", "requirements.txt"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EdgeTests",
            dependencies: [
                "Domain", "Edge", "EdgeProperties", "Publishing", "TestSupport", nioCore, logging, lifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "waymark", "Domain", "Store", "Edge", "Accounts", "Gallery", "Publishing", "TestSupport", logging,
            ],
            exclude: ["outcomes.sh"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)

// The micro-benchmarks: only where they are asked for, so that nobody else resolves their packages.
if Context.environment["BENCHMARKS"] != nil {
    package.dependencies.append(
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: [])
    )
    package.targets.append(
        .executableTarget(
            name: "EdgeBenchmarks",
            dependencies: ["Domain", "Edge", "Publishing", .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/Edge",
            swiftSettings: strict,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        )
    )
}

// The fuzzers of `Tests/fuzz`: every module under test must be instrumented.
if Context.environment["FUZZ"] != nil {
    let fuzzer = SwiftSetting.unsafeFlags(["-sanitize=fuzzer"])
    for target in package.targets
    where ["Edge", "EdgeProperties", "Domain", "Gallery", "ContentProperties"].contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [fuzzer]
    }
    package.targets.append(.target(name: "FuzzDriver", path: "Tests/FuzzDriver", swiftSettings: strict + [fuzzer]))
    for (name, path, tested) in [
        ("HeadFuzzer", "Tests/Fuzz", "EdgeProperties"), ("ContentFuzzer", "Tests/ContentFuzz", "ContentProperties"),
    ] {
        package.targets.append(
            .executableTarget(
                name: name,
                dependencies: [.target(name: tested), "FuzzDriver"],
                path: path,
                exclude: ["words.dict"],
                swiftSettings: strict + [fuzzer],
                linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
            )
        )
    }
}
