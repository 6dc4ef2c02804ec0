# Tocsin. `make demo` shows it, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOLS   := -modfile=internal/tools/go.mod
# Debian packages of the real peers that tests are held against, by name.
PEERS   := gcc libc6-dev chromium firefox-esr kannel libnet-smpp-perl libxml2-utils xmlsec1 iso-codes fonts-noto-core
CACHE   := $(shell go env GOCACHE)/../tocsin

.PHONY: build demo test check peers bench bench-feed bench-push bench-sms fuzz chaos

build: ## bin/tocsin, reproducible, no cgo
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/tocsin ./cmd/tocsin

demo: build ## one exercise alert through every channel; ONCE=1 ends after the table
	bin/tocsin demo $(if $(ONCE),--once)

peers: ## install what the tests need by name
	@deploy/peers.sh $(PEERS)

test: peers ## everything, against the real peers
	go test -race -shuffle=on -timeout 20m ./...

check: ## format, vet, modern idioms, static analysis, generated files
	@test -z "$$(go tool $(TOOLS) gofumpt -l .)" || { echo 'run: go tool $(TOOLS) gofumpt -w .'; go tool $(TOOLS) gofumpt -l .; exit 1; }
	go vet ./...
	@test -z "$$(go fix -diff ./...)" || { go fix -diff ./...; exit 1; }
	go tool $(TOOLS) staticcheck ./...
	go mod tidy -diff

bench: bench-feed bench-push bench-sms ## all figures, with their peers in the same run

fuzz: ## every fuzz target, 30 s each
	@deploy/fuzz.sh 30s

chaos: ## fault tests with real processes, more rounds than in `make test`
	TOCSIN_CHAOS=1 go test -count=1 -timeout 30m -run 'Crash|Kill|Chaos' ./internal/scenario/... ./internal/stream/...
