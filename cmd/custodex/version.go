package main

import (
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints what this binary is.
func (c *versionCmd) Run(env *environment) error {
	if env.json {
		return env.printJSON(map[string]string{
			"version": programVersion(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
		})
	}
	return env.printf("custodex %s (%s, %s/%s)\n", programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// programVersion is the version that the build set, else that of go install.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
