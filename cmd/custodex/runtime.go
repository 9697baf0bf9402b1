package main

import "runtime"

// A server's live data is small and its garbage is not: by Go's measure, to collect
// when there is as much garbage as data, collections would take a third of the time
// of a fetch. So there is data that nobody writes to, which takes address space and
// no memory, and lets this much garbage gather at least.
const leastGarbage = 64 << 20

// tuneRuntime fits Go's runtime to a server. Who has set GOGC or GOMAXPROCS knows
// better and is left alone. With ownFile the database is a file of this process. The
// ballast must be kept alive as long as the server.
func tuneRuntime(env *environment, ownFile bool) (release func()) {
	var ballast []byte
	if _, set := env.lookup("GOGC"); !set {
		ballast = make([]byte, leastGarbage)
	}
	if _, set := env.lookup("GOMAXPROCS"); !set && ownFile {
		// A thread that waits for the disk keeps its place until the runtime notices,
		// and then waits for one again. More places than processors let others work
		// meanwhile; the system shares out the processors.
		runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	}
	return func() { runtime.KeepAlive(ballast) }
}
