# The short way to everything; Meson does the work.
#
#   make            build/genspan, build/libgenspan.so, build/libgenspan-export.so
#   make run        see it: a call that is refused, waits, and is answered (REAL=1: a real endpoint)
#   make check      all tests, also under ASan and UBSan
#   make check-full what takes longer: clang, TSan, fuzzing, other people's decoders
#   make bench      speed and memory
#   make install    PREFIX=/usr/local, DESTDIR=
#   make clean

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
SETUP = meson setup --prefix $(PREFIX)

.PHONY: all run check check-full bench install clean format
.DEFAULT_GOAL := all

all: | deps-build
	@[ -f build/build.ninja ] || $(SETUP) -Db_lto=true build
	@ninja -C build

deps-%:
	@tools/ensure-deps.sh $*

run: all
	@tools/run-demo.sh

# The tests are built only where cmocka is; `make` and `make run` do without.
check: | deps-check
	@[ -f build/build.ninja ] || $(SETUP) -Db_lto=true build
	@[ -f build-asan/build.ninja ] || \
		$(SETUP) -Dbuildtype=debugoptimized -Db_sanitize=address,undefined build-asan
	@meson configure build -Dtests=enabled
	@ninja -C build
	@meson test -C build --print-errorlogs
	@meson configure build-asan -Dtests=enabled
	@ninja -C build-asan
	@meson test -C build-asan --print-errorlogs
	@echo "genspan: make check passed"

check-full: check | deps-full
	@tools/check-full.sh $(FUZZ_SECONDS)
	@echo "genspan: make check-full passed"

bench: all
	@tools/run-bench.sh build

install: all
	@meson configure build --prefix $(PREFIX)
	@DESTDIR=$(DESTDIR) meson install -C build --no-rebuild

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	@rm -rf build build-asan build-tsan build-clang build-fuzz
