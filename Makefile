# Everything that a person or a machine does with this tree. `make` alone lists it.
#
# Settings, as in `make fuzz FUZZTIME=10m`:
FUZZTIME      ?= 60s
SOAK_KILLS    ?= 200
SOAK_RESTORES ?= 20
TIMING_SAMPLES ?= 20000
BENCH         ?= .
RACE          ?= $$(script/packages race)
# Slow under the detector, and not about goroutines: they measure memory, walk all of Unicode, fill a disk, or run
# a program that they build without it.
RACE_SKIP     ?= ^(TestFoldEveryCharacter|TestMemory|TestImportsReachTheFile|TestSelftestFindsMissingGuards)$$
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# One scratch PostgreSQL for all test processes; it also forbids them to skip.
SCRATCHPG := go run ./internal/testkit/scratchpg/cmd/scratchpg --
TOOL      := go tool -modfile=tools/go.mod

# Users get a static binary, so that is what the tests compile; only the race detector needs cgo.
export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help check tidy test test-postgres race fuzz soak holes timing bench bench-search golden map clients previous vuln run build

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

check: ## format, vet, staticcheck, actionlint and the policy tests; no server, no network once tools are fetched
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) actionlint .github/workflows/*.yml
	go test -run '^TestPolicy' ./tests

tidy: ## go.mod and go.sum of the program and the tools are what `go mod tidy` would write; needs the network
	go mod tidy -diff
	cd tools && go mod tidy -diff

test: ## everything, on SQLite and PostgreSQL; installs what is missing on Debian
	script/install-test-tools
	script/fuzz 3000x
	$(SCRATCHPG) go test -timeout 8m ./...

test-postgres: ## only the packages whose tests reach PostgreSQL, uncached
	script/install-test-tools
	$(SCRATCHPG) go test -count=1 -timeout 8m $$(script/packages postgres)

race: ## the packages that start goroutines, under the race detector; RACE=./... for all; needs a C compiler
	script/install-test-tools --cgo
	CGO_ENABLED=1 $(SCRATCHPG) go test -race -timeout 30m -skip '$(RACE_SKIP)' $(RACE)

fuzz: ## each fuzz target for FUZZTIME (60s)
	script/fuzz $(FUZZTIME)

soak: ## on each store the kill test with SOAK_KILLS (200) kills, and SOAK_RESTORES (20) backups and restores
	script/install-test-tools
	SOAK_KILLS=$(SOAK_KILLS) SOAK_RESTORES=$(SOAK_RESTORES) $(SCRATCHPG) go test -run 'KillUnderLoad|TestOperator' -count=1 -timeout 0 -v ./tests

holes: ## the self-test finds each guard that is missing from a build; a part of make test
	go test -run TestSelftestFindsMissingGuards -count=1 -v ./tests

timing: ## on a quiet machine: whether a refused login's time tells an unknown key from a known one, over TIMING_SAMPLES (20000) of each, and how long a hung database is waited for
	script/install-test-tools
	TIMING_SAMPLES=$(TIMING_SAMPLES) go test -run TimingOfFailures -count=1 -timeout 0 -v ./internal/records
	TIMING_SAMPLES=$(TIMING_SAMPLES) $(SCRATCHPG) go test -parallel 1 -run 'Hang|FieldD|NotAnswered|LockTimeout|RefusedForGood' -count=1 -v ./internal/store/postgres ./tests

bench: ## Go benchmarks; BENCH is a pattern
	script/install-test-tools
	$(SCRATCHPG) go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...

bench-search: ## on a quiet machine: p50 and p99 of searches in both orders, at CUSTODEX_BENCH_CUSTOMERS (1000000)
	go test -run '^$$' -bench 'BenchmarkSearch|BenchmarkRank' -benchtime 400x -timeout 60m ./internal/search

golden: ## rewrite golden files and transcripts, record new migrations; review the diff like code
	script/install-test-tools
	$(SCRATCHPG) go test -count=1 -timeout 8m $$(script/packages golden) -update

map: ## the packages with their layer, lines and imports; the largest files and functions
	@go test -count=1 -v -run '^TestPolicyMap$$' ./tests

clients: ## published clients, and generated ones, against a server of their own; needs the network, Node, PHP
	script/clients

previous: ## programs of older commits on the newest schema; needs the whole history
	script/previous 3890d93 refuses
	script/previous 4bc841d refuses

vuln: ## known vulnerabilities in what we link; needs the network
	$(TOOL) govulncheck ./...

run: ## start a server with everything inside
	go run ./cmd/custodex dev

build: ## the static binary, as bin/custodex
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/custodex ./cmd/custodex
