# Tocsin. `make demo` shows it, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOLS   := -modfile=internal/tools/go.mod
# Debian packages of the real peers that tests are held against, by name.
PEERS   := gcc libc6-dev chromium firefox-esr kannel libnet-smpp-perl libxml2-utils xmlsec1 iso-codes fonts-noto-core espeak-ng poppler-utils curl python3
# Debian packages of the peers that benches alone need.
BENCH_PEERS := nginx-light libnginx-mod-nchan
CACHE   := $(shell go env GOCACHE)/../tocsin

.PHONY: build demo test check peers bench bench-feed bench-push bench-sms bench-console bench-start fuzz chaos soak

build: ## bin/tocsin and the newsroom's bin/tocsin-receive, reproducible, no cgo
	@deploy/vendor.sh
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/tocsin ./cmd/tocsin-receive

demo: build ## one exercise alert through every channel; ONCE=1 ends after the table, LISTEN=HOST:PORT serves elsewhere
	bin/tocsin demo $(if $(ONCE),--once) $(if $(LISTEN),--listen $(LISTEN))

peers: ## install what the tests need by name
	@deploy/peers.sh $(PEERS)
	@deploy/vendor.sh

# The console's browser tests open some hundred pages in six languages: under the
# race detector they would take most of an hour. It looks at everything else.
test: peers ## everything, against the real peers; says what it skipped and why
	@export TOCSIN_SKIPS=$$(mktemp) OUT=$$(mktemp); trap "rm -f $$TOCSIN_SKIPS $$OUT" EXIT; \
	run() { echo "$$*"; "$$@" 2>&1 | tee $$OUT || { cat $$TOCSIN_SKIPS; deploy/failed.sh $$OUT; exit 1; }; }; \
	run go test -race -shuffle=on -timeout 20m $$(go list ./... | grep -v /internal/console$$); \
	TOCSIN_BROWSER=off run go test -race -shuffle=on -timeout 15m ./internal/console; \
	run go test -shuffle=on -timeout 30m ./internal/console; \
	sort $$TOCSIN_SKIPS | sed 's/^/skipped: /'

check: ## format, vet, modern idioms, static analysis, generated files
	@test -z "$$(go tool $(TOOLS) gofumpt -l .)" || { echo 'run: go tool $(TOOLS) gofumpt -w .'; go tool $(TOOLS) gofumpt -l .; exit 1; }
	go vet ./...
	@test -z "$$(go fix -diff ./...)" || { go fix -diff ./...; exit 1; }
	go tool $(TOOLS) staticcheck ./...
	go mod tidy -diff

export QUICK # =1: the short form of every bench

bench: build ## all figures, with their peers in the same run; the bars come last
	@deploy/peers.sh $(BENCH_PEERS)
	@out=$$(mktemp); trap 'rm -f '$$out EXIT; \
	for bench in start console feed push sms; do \
		go run ./internal/bench/$$bench || echo "bench $$bench ended early"; echo; \
	done | tee $$out | grep --line-buffered -v '^bar ' || true; \
	grep '^bar ' $$out || true

bench-start: build ## start to ready, memory when idle
	@go run ./internal/bench/start

bench-feed: ## the feed with 1,000, 5,000 and 19,000 clients, beside nats-server, JetStream, nchan and a plain loop
	@deploy/peers.sh $(BENCH_PEERS)
	@go run ./internal/bench/feed

bench-push: ## one alert to a million browsers, and beside webpush-go and npm web-push
	@deploy/peers.sh
	@go run ./internal/bench/push

bench-sms: ## one alert to 1,000 telephones, beside npm smpp
	@deploy/peers.sh
	@go run ./internal/bench/sms

bench-console: ## every page of the console with 10,000 cases, and the board of 5,000 recipients while receipts pour in
	@go run ./internal/bench/console

fuzz: ## every fuzz target, 30 s each
	@deploy/fuzz.sh 30s

chaos: ## fault tests with real processes, more rounds than in `make test`
	TOCSIN_CHAOS=1 go test -count=1 -timeout 30m -v -run 'Crash|Kill|Chaos|MoreWorkers' ./internal/scenario/... ./internal/stream/...

soak: ## ten minutes of broadcasting: 2,000 clients, 2 receivers, random kills, 200 alerts; TOCSIN_SOAK=3m for less
	TOCSIN_SOAK=$${TOCSIN_SOAK:-10m} go test -count=1 -v -timeout 40m -run 'TestSoak' ./internal/scenario/
