import ArgumentParser
import Configuration
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
@main struct Waymark: AsyncParsableCommand {}
