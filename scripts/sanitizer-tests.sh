#!/usr/bin/env bash
# Builds the core with its unit tests and the fuzz targets' own drivers under AddressSanitizer and
# UndefinedBehaviorSanitizer, and runs them. Closes with "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/sanitizer
mkdir -p "$out"
flags=(-std=c++20 -O1 -g -fno-exceptions -fno-rtti -fno-omit-frame-pointer -fsanitize=address,undefined
  -fno-sanitize-recover=undefined -Wall -Wextra -Inative -Inative/include -Inative/test)
sources() { { find native/core native/io native/state -name '*.cc'; echo native/sdk/table_find.part.cc; } | sort; }
object() { echo "$out/$(echo "$1" | tr / _).o"; }
export -f object
compile() { g++ "${@:2}" -c "$1" -o "$(object "$1")"; }
export -f compile
export out
{ sources; echo native/test/main.cc; } | xargs -P "$(nproc)" -I{} bash -c 'compile "$@"' _ {} "${flags[@]}"
core=() tests=()
while read -r f; do if [[ $f == *_test.cc ]]; then tests+=("$(object "$f")"); else core+=("$(object "$f")"); fi; done < <(sources)
g++ "${flags[@]}" "$(object native/test/main.cc)" "${tests[@]}" "${core[@]}" -ldl -o "$out/unit-tests"
parts() { # directory, flags…: what elements share, in an archive
  mkdir -p "$1"
  find native/sdk native/elements -name '*.part.cc' |
    xargs -P "$(nproc)" -I{} bash -c 'g++ "${@:3}" -c -Inative/include "$2" -o "$1/$(echo "$2" | tr / _).o"' _ "$1" {} "${@:2}"
  rm -f "$1/element-parts.a"
  ar crs "$1/element-parts.a" "$1"/*.o
}
parts "$out/test-parts" $(cat native/element-flags.txt)
mkdir -p "$out/test-elements"
for f in native/test/elements/*.cc; do
  g++ $(cat native/element-flags.txt) -Inative/include "$f" "$out/test-parts/element-parts.a" -lgcc -o "$out/test-elements/$(basename "$f" .cc).so"
done
# Elements with the sanitizer in them; undefined behaviour traps, since its usual reports are data that a library may not have.
mkdir -p "$out/elements"
export element_flags="$(grep -v -e -nostartfiles -e -nodefaultlibs -e ^-lc native/element-flags.txt | tr '\n' ' ') -O1 -g \
  -fsanitize=address --param asan-globals=0 -fsanitize=undefined -fsanitize-undefined-trap-on-error"
parts "$out/parts" $element_flags
element() { g++ $element_flags -Inative/include "$1" "$out/parts/element-parts.a" -o "$out/elements/$(basename "$1" .cc).so"; }
export -f element
find native/elements -mindepth 2 -maxdepth 2 -name '*.cc' ! -name '*_test.cc' | xargs -P "$(nproc)" -I{} bash -c 'element "$1"' _ {}
"$out/unit-tests"  # finds elements beside itself
export HC_FUZZ_ELEMENTS="$out/elements"
for target in native/test/fuzz_*.cc; do
  name=$(basename "$target" .cc)
  g++ "${flags[@]}" -DHC_FUZZ_MAIN "$target" "${core[@]}" -ldl -o "$out/$name"
  "$out/$name"
done
